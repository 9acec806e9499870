import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { startCloudFormation } from './cloudformation.ts';
import { type Functions, startFunctions } from './functions.ts';
import { type Sandbox, startSandbox } from './index.ts';
import { startSns } from './sns.ts';

export type SetupSandbox = Awaited<ReturnType<typeof startSetupSandbox>>;

/**
 * A stack that was deployed a moment ago: its functions run as they are built, its two secrets are empty, and the
 * organisation acme has neither a webhook nor a custom pattern.
 */
export async function startSetupSandbox(stackName: string) {
  await build();
  const sandbox = await startSandbox();
  const { admin, github, secretIds, secrets } = sandbox;
  for (const id of [secretIds.admin, secretIds.github]) {
    secrets.remove(id);
    secrets.create(id);
  }
  const credentials = credentialsOf(sandbox);
  const [cloudFormation, sns, functions] = await Promise.all([
    startCloudFormation({ credentials }),
    startSns({ credentials }),
    startFunctions(sandbox),
  ]);
  sns.subscribe({ protocol: 'email', endpoint: 'security@acme.example', isConfirmed: true });
  const outputs = { ...outputsOf(sandbox, functions), AlarmTopicArn: sns.topicArn };
  const settings = settingsOf(sandbox);
  cloudFormation.put(stackName, { outputs, settings });
  const { app_id, installation_id, private_key } = github.app;
  return {
    sandbox,
    functions,
    cloudFormation,
    sns,
    outputs,
    settings,
    /** what a person would give */
    admin: admin.token,
    github: JSON.stringify({ app_id, installation_id, private_key }),
    owner: github.ownerToken,
    env: {
      ...sandbox.env(),
      AWS_ENDPOINT_URL_CLOUDFORMATION: cloudFormation.url,
      AWS_ENDPOINT_URL_SNS: sns.url,
    },
    async stop(): Promise<void> {
      await functions.stop();
      await Promise.all([cloudFormation.stop(), sns.stop(), sandbox.stop()]);
    },
  };
}

let built: Promise<unknown> | undefined;

/** Once in a process. */
async function build(): Promise<void> {
  const root = fileURLToPath(new URL('..', import.meta.url));
  built ??= promisify(execFile)(process.execPath, ['esbuild.config.cjs', '--quiet'], { cwd: root });
  await built;
}

function credentialsOf(sandbox: Sandbox) {
  const { AWS_ACCESS_KEY_ID = '', AWS_SECRET_ACCESS_KEY = '', AWS_SESSION_TOKEN = '' } = sandbox.env();
  return {
    accessKeyId: AWS_ACCESS_KEY_ID,
    secretAccessKey: AWS_SECRET_ACCESS_KEY,
    sessionToken: AWS_SESSION_TOKEN,
  };
}

/** As in deploy/resources/outputs.yml. */
function outputsOf({ auditBucket, secretIds, secrets, sqs }: Sandbox, { webhookUrl }: Functions) {
  return {
    AdminTokenSecretArn: secrets.arn(secretIds.admin),
    GithubTokenSecretArn: secrets.arn(secretIds.github),
    WebhookSecretArn: secrets.arn(secretIds.webhook),
    WebhookLambdaFunctionUrl: webhookUrl,
    LeakQueueUrl: sqs.queueUrl,
    AuditBucketName: auditBucket,
  };
}

/** Of the parameters in deploy/settings.ts, those that `setup` reads. */
function settingsOf({ devin, github }: Sandbox): Record<string, string> {
  return {
    devinApiUrl: devin.url,
    githubApiUrl: github.url,
    githubSecretTypes: 'devin_api_key',
    githubOrgs: 'acme',
    dryRun: 'false',
    aftermath: 'report',
    activitySecretArn: '',
  };
}
