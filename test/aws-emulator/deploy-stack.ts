import { execFile } from 'node:child_process';
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { PutObjectLockConfigurationCommand } from '@aws-sdk/client-s3';
import type { Resource } from '../package/packaged.ts';
import { adaptPackage } from './adapt-package.ts';
import { type AwsClients, awsClients } from './aws-clients.ts';
import { CACHE } from './python-environment.ts';
import type { Emulator } from './start-emulator.ts';

const ROOT = join(import.meta.dirname, '../..');
const STAGE = 'emulator';
export const STACK = `devin-key-revoker-${STAGE}`;

type Parameters = Readonly<Record<string, string | number | boolean>>;

export interface Stack {
  readonly aws: AwsClients;
  /** The value of an output, by its name in deploy/resources/outputs.yml. */
  output(name: string): string;
  /** As deployed last. */
  resources(): Readonly<Record<string, Resource>>;
  /** Packages with these parameters and deploys. @throws when osls fails, with its output */
  deploy(parameters: Parameters, env?: Record<string, string>): Promise<string>;
  /** `osls remove` */
  remove(): Promise<void>;
}

/** The stack on the emulator, deployed and removed by osls as a person would. */
export function emulatedStack(emulator: Emulator): Stack {
  const aws = awsClients(emulator);
  const folder = join(CACHE, 'package');
  let outputs: Record<string, string> = {};
  let resources: Record<string, Resource> = {};
  return {
    aws,
    output: (name) => outputs[name] ?? missing(name),
    resources: () => resources,
    async deploy(parameters, env = {}) {
      // An empty parameter is one that is left out.
      const given = Object.entries(parameters).flatMap(([name, value]) =>
        value === '' ? [] : ['--param', `${name}=${value}`],
      );
      await osls(emulator, ['package', '--package', folder, ...given], env);
      ({ Resources: resources } = adaptPackage(folder));
      const printed = await osls(emulator, ['deploy', '--package', folder, ...given], env);
      outputs = await readOutputs(aws);
      await lockAuditBucket(aws, outputs.AuditBucketName, resources.AuditBucket);
      return printed;
    },
    async remove() {
      await osls(emulator, ['remove'], {});
    },
  };
}

async function osls(
  { env }: Emulator,
  args: readonly string[],
  more: Record<string, string>,
): Promise<string> {
  const program = join(ROOT, 'node_modules/osls/bin/serverless.js');
  const { PATH = '', HOME = '' } = process.env;
  const run = promisify(execFile)(process.execPath, [program, ...args, '--stage', STAGE], {
    cwd: serviceCopy(),
    env: { PATH, HOME, CI: '1', ...env, ...more },
  });
  return run.then(
    ({ stderr, stdout }) => `${stdout}${stderr}`,
    ({ stderr, stdout }) => {
      throw new Error(`osls ${args[0]} failed:\n${stdout}${stderr}`);
    },
  );
}

/** A copy of what osls reads: it replaces `.serverless/` there, and leaves that of `npm run package` alone. */
function serviceCopy(): string {
  const folder = join(CACHE, 'service');
  rmSync(folder, { recursive: true, force: true });
  for (const name of ['serverless.yml', 'esbuild.config.cjs', 'package.json', 'deploy', 'handlers', 'lib']) {
    cpSync(join(ROOT, name), join(folder, name), { recursive: true });
  }
  return folder;
}

async function readOutputs({ cloudFormation }: AwsClients): Promise<Record<string, string>> {
  const { Stacks } = await cloudFormation.send(new DescribeStacksCommand({ StackName: STACK }));
  return Object.fromEntries(
    (Stacks?.[0]?.Outputs ?? []).map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]),
  );
}

/** MiniStack's CloudFormation leaves out the Object Lock of a bucket. */
async function lockAuditBucket({ s3 }: AwsClients, name: string | undefined, bucket: Resource | undefined) {
  const ObjectLockConfiguration = bucket?.Properties.ObjectLockConfiguration;
  const { Mode, Days } = ObjectLockConfiguration.Rule.DefaultRetention;
  const Rule = { DefaultRetention: { Mode, Days: Number(Days) } };
  await s3.send(
    new PutObjectLockConfigurationCommand({
      Bucket: name,
      ObjectLockConfiguration: { ObjectLockEnabled: 'Enabled', Rule },
    }),
  );
}

function missing(name: string): never {
  throw new Error(`the stack has no output ${name}`);
}
