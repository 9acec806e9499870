import { hostname, userInfo } from 'node:os';
import { type AwsEnvironment, awsEnvironment } from '../../lib/aws/environment.ts';
import type { Invoked } from '../../lib/aws/lambda-sdk.ts';
import type { Key } from '../../lib/domain/key.ts';
import { UsageError } from '../command/usage-error.ts';
import type { Env, Terminal } from '../terminal/terminal.ts';
import { showStep } from './steps.ts';

/** Where the function runs, and how it is invoked. */
export interface Worker {
  /** For a person: `the function x in eu-central-1`. */
  readonly where: string;
  readonly aws: AwsEnvironment;
  readonly bucket: string | undefined;
  /** What the sandbox made up to be revoked. */
  readonly madeUp?: Key;
  /** @param signal ends the wait, and not the function */
  invoke(event: object, signal: AbortSignal): Promise<Invoked>;
  stop(): Promise<void>;
}

/** Longer than the timeout of the function, milliseconds. */
const WITHIN_MS = 240_000;

/** The deployed function, invoked with the credentials of the shell. @throws {UsageError} */
export async function deployedWorker(name: string, { env, now }: Terminal): Promise<Worker> {
  const aws = await callerAws(env);
  return {
    where: `the function ${name} in ${aws.region}`,
    aws,
    bucket: env.AUDIT_BUCKET,
    invoke: async (event, signal) => {
      const { invokeFunction } = await import('../../lib/aws/lambda-sdk.ts');
      return invokeFunction(aws, {
        name,
        event,
        caller: callerName(),
        deadline: now() + WITHIN_MS,
        signal,
      });
    },
    stop: async () => {},
  };
}

/** By the SDK, which is loaded on demand: most commands do not need it. */
async function callerAws(env: Env): Promise<AwsEnvironment> {
  const { CallerError, callerEnvironment } = await import('../../lib/aws/caller-environment.ts');
  try {
    return await callerEnvironment(env);
  } catch (error) {
    throw error instanceof CallerError ? new UsageError(error.message) : error;
  }
}

/** The built function, against a made-up enterprise on this machine. Its steps are printed as they happen. */
export async function sandboxWorker(terminal: Terminal): Promise<Worker> {
  // Loaded on demand: the sandbox is not deployed.
  const { startRevokeSandbox } = await import('../../sandbox/revoke.ts');
  let started = terminal.now();
  const { env, invoke, leaked, stop } = await startRevokeSandbox((line) =>
    showStep(line, terminal.now() - started, terminal),
  );
  return {
    where: 'the sandbox on this machine',
    aws: awsEnvironment(env),
    bucket: env.AUDIT_BUCKET,
    madeUp: leaked,
    invoke: (event) => {
      started = terminal.now();
      return invoke(event);
    },
    stop,
  };
}

/** Who asks, for the record: what the machine says, in the characters that the record takes. */
function callerName(): string {
  return `${userInfo().username}@${hostname()}`.replace(/[^\w@.:/+=,-]/g, '_').slice(0, 256);
}
