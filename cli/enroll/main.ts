import { randomUUID } from 'node:crypto';
import { CallerError, callerEnvironment } from '../../lib/aws/caller-environment.ts';
import type { AwsEnvironment } from '../../lib/aws/environment.ts';
import { ListError, s3List } from '../../lib/aws/list-objects.ts';
import { s3ReplaceableObjects } from '../../lib/aws/replaceable-objects.ts';
import { type ReadSecret, SecretError, secretsManager } from '../../lib/aws/secrets.ts';
import { redact } from '../../lib/domain/redact.ts';
import { EnrollConfig, EnrollListConfig } from '../../lib/enroll/config.ts';
import { enrollParts, type OwnTokens, readOwnTokens } from '../../lib/enroll/connect.ts';
import { type Enrolled, enrollAll } from '../../lib/enroll/enroll-all.ts';
import type { Subject } from '../../lib/enroll/enroll-token.ts';
import { tokensInSecret } from '../../lib/enroll/tokens-in-secret.ts';
import { ConfigError, parseConfig } from '../../lib/platform/config.ts';
import { type InputStream, InterruptedError, readHidden } from '../terminal/read-hidden.ts';
import { type Command, readArguments, USAGE } from './arguments.ts';
import { localUser } from './local-user.ts';
import { type Problem, printEnrolled } from './print-enrolled.ts';
import { printRegistry, readRegistry } from './print-registry.ts';

type Env = Readonly<Record<string, string | undefined>>;

export interface Terminal {
  readonly input: InputStream;
  /** Aborts with Ctrl-C: then experiments end, and what they showed is stored. */
  readonly interrupted?: AbortSignal;
  /** What is said while the command works. */
  readonly say: (text: string) => void;
}

/** What a command prints to standard output or to standard error, and its exit code. */
export interface Result {
  readonly out?: string;
  readonly err?: string;
  readonly exitCode: 0 | 1 | 2 | 130;
}

/** Runs `npm run enroll`. Nothing that it prints holds a token or a part of one. */
export async function run(args: readonly string[], env: Env, terminal: Terminal): Promise<Result> {
  const command = readArguments(args);
  try {
    switch (command.command) {
      case 'help':
        return { out: USAGE, exitCode: 0 };
      case 'wrong':
        return { err: `${command.reason}\n\n${USAGE}`, exitCode: 2 };
      case 'list':
        return await list(command, env);
      case 'enroll':
        return await enroll(command, env, terminal);
      default:
        return command satisfies never;
    }
  } catch (error) {
    return failed(error);
  }
}

async function list({ json }: Extract<Command, { command: 'list' }>, env: Env): Promise<Result> {
  const { AUDIT_BUCKET: bucket } = parseConfig(EnrollListConfig, env);
  const aws = await callerEnvironment(env);
  const deadline = Date.now() + 300_000;
  const { listed, unreadable } = await readRegistry(
    s3List(aws, bucket),
    s3ReplaceableObjects(aws, bucket),
    deadline,
  );
  const entries = listed.map(({ entry, since }) => ({ ...entry, since: new Date(since).toISOString() }));
  const text = json ? JSON.stringify({ entries, unreadable }, null, 2) : printRegistry(listed, Date.now());
  return unreadable === 0
    ? { out: `${text}\n`, exitCode: 0 }
    : { out: `${text}\n`, err: `${unreadable} entries are not readable\n`, exitCode: 1 };
}

async function enroll(
  { fromInput, json, minutes, reason, secretIds }: Extract<Command, { command: 'enroll' }>,
  env: Env,
  { input, interrupted, say }: Terminal,
): Promise<Result> {
  const config = parseConfig(EnrollConfig, env);
  const typed = fromInput ? await readHidden(input, say) : undefined;
  const aws: AwsEnvironment = await callerEnvironment(env);
  const read = secretsManager(aws);
  const own = await readOwnTokens(config, read);
  const found = await Promise.all(secretIds.map((id) => subjectsOf(id, () => read(id), own)));
  if (typed !== undefined) found.push(await subjectsOf('standard input', async () => typed, own));
  const empty = found.flatMap(({ problem }) => problem ?? []);
  const parts = {
    ...enrollParts(config, aws, read, own, {
      deadline: Date.now() + minutes * 60_000,
      holder: `command-${randomUUID()}`,
      byHand: { by: localUser(), reason },
    }),
    stopped: interrupted,
  };
  const enrolled = await enrollAll(
    found.flatMap(({ subjects }) => subjects),
    parts,
    {
      experiment: ({ origin }, keys) =>
        say(`${origin}: ${keys} keys are told apart, which takes up to ${minutes} minutes\n`),
    },
  );
  const isComplete = empty.length === 0 && enrolled.every(isEnrolled);
  return { out: `${printEnrolled(enrolled, empty, json)}\n`, exitCode: isComplete ? 0 : 1 };
}

async function subjectsOf(
  id: string,
  read: () => ReturnType<ReadSecret>,
  own: OwnTokens,
): Promise<{ readonly subjects: readonly Subject[]; readonly problem?: Problem }> {
  const origin = redact(id);
  try {
    const tokens = tokensInSecret(await read());
    if (tokens.length === 0) return { subjects: [], problem: { origin, reason: 'it holds no Devin token' } };
    const isOwn = (token: Subject['token']): boolean =>
      [own.admin, own.standby].some((one) => one?.equals(token));
    const subjects = tokens.map((token) => ({
      token,
      origin,
      source: isOwn(token) ? ('own' as const) : ('enrolled' as const),
    }));
    return { subjects };
  } catch (error) {
    if (!(error instanceof SecretError)) throw error;
    return { subjects: [], problem: { origin, reason: `it cannot be read (${error.code})` } };
  }
}

function isEnrolled({ enrolment }: Enrolled): boolean {
  return enrolment.status === 'known' || enrolment.status === 'enrolled';
}

/** Messages of other errors may quote input. */
function failed(error: unknown): Result {
  if (error instanceof InterruptedError) return { err: 'interrupted\n', exitCode: 130 };
  const isSetting = error instanceof ConfigError;
  const isPrintable =
    isSetting || error instanceof SecretError || error instanceof CallerError || error instanceof ListError;
  const text = isPrintable ? error.message : `failed: ${error instanceof Error ? error.name : 'error'}`;
  return { err: `${text}\n`, exitCode: isSetting ? 2 : 1 };
}
