import { setTimeout as sleep } from 'node:timers/promises';
import { InvokeCommand } from '@aws-sdk/client-lambda';
import { GetObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { GetSecretValueCommand, PutSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { expect } from 'vitest';
import { type SandboxRequest, type SandboxServer, startServer } from '../../sandbox/http-server.ts';
import { type Sandbox, startSandbox } from '../../sandbox/index.ts';
import type { StoredRecord } from '../../sandbox/observe.ts';
import { emulatedStack, STACK } from './deploy-stack.ts';
import { ownSecrets, SENDER } from './own-secrets.ts';
import { postFunctionUrl } from './post-function-url.ts';
import { type Emulator, startEmulator } from './start-emulator.ts';

export interface Answer {
  readonly failed: boolean;
  // biome-ignore lint/suspicious/noExplicitAny: each function has its own answers
  readonly payload: any;
}

export type Scene = Awaited<ReturnType<typeof startScene>>;

/** The deployed stack, with Devin and GitHub played by the sandbox, and the tokens put into its secrets. */
export async function startScene(python: string) {
  const [emulator, sandbox] = await Promise.all([startEmulator(python), startSandbox({ sqs: false })]);
  const stack = emulatedStack(emulator);
  const { aws, output } = stack;
  const [siem, slack] = await Promise.all([startInbox(), startInbox()]);
  const own = await ownSecrets(aws, sandbox);
  const parameters = {
    devinApiUrl: sandbox.devin.url,
    githubApiUrl: sandbox.github.url,
    githubOrgs: 'acme',
    sweepMaxAgeDays: 365,
    sweepMaxRatio: 1,
    aftermath: 'terminate',
    enroll: 'true',
    auditHttpUrl: siem.server.url,
    slackApiUrl: slack.server.url,
    owners: 'owners/owners.json',
    ownersFrom: SENDER,
    ...own.parameters,
  };
  const deploy = (more: Readonly<Record<string, string | number>> = {}, env: Record<string, string> = {}) =>
    stack.deploy({ ...parameters, ...more }, env);
  await deploy();
  await putSecret('AdminTokenSecretArn', sandbox.admin.token);
  await putSecret('GithubTokenSecretArn', sandbox.githubToken);
  const bucket = output('AuditBucketName');
  const hook = await startHook(emulator, output('WebhookLambdaFunctionUrl'));

  async function putSecret(name: string, SecretString: string): Promise<void> {
    await aws.secrets.send(new PutSecretValueCommand({ SecretId: output(name), SecretString }));
  }

  async function keys(prefix = ''): Promise<string[]> {
    const { Contents = [] } = await aws.s3.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix }));
    return Contents.map(({ Key = '' }) => Key);
  }

  async function text(key: string): Promise<string> {
    const { Body } = await aws.s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    return (await Body?.transformToString()) ?? '';
  }

  async function records(prefix = 'records/'): Promise<{ key: string; record: StoredRecord }[]> {
    return Promise.all(
      (await keys(prefix)).map(async (key) => ({ key, record: JSON.parse(await text(key)) })),
    );
  }

  const outcomesOf = async (apiKeyId: string) =>
    (await records()).filter(
      ({ key, record }) => key.endsWith('/90-outcome.json') && record.unmapped.api_key_id === apiKeyId,
    );

  const tokens = [sandbox.admin.token, sandbox.githubToken, ...own.values];

  return {
    emulator,
    sandbox,
    /** Those that must be nowhere in the end. */
    tokens,
    /** As of the sandbox; its token is kept. */
    leak(...options: Parameters<Sandbox['leak']>) {
      const made = sandbox.leak(...options);
      tokens.push(made.token);
      return made;
    },
    /** The one outcome record of a key, once it is there. */
    async outcomeOf(apiKeyId: string) {
      await eventually('the outcome is recorded', async () => (await outcomesOf(apiKeyId)).length > 0);
      const [first, ...others] = await outcomesOf(apiKeyId);
      expect(others).toEqual([]);
      return first ?? expect.fail('no outcome');
    },
    stack,
    deploy,
    bucket,
    /** What was posted so far. */
    posted: { siem: siem.received, slack: slack.received },
    /** The value of the header that the SIEM wants. */
    siemHeader: own.siemHeader,
    keys,
    text,
    records,
    outcomesOf,
    /** Where GitHub delivers to. */
    hookUrl: hook.url,
    webhookSecret: async (): Promise<string> => {
      const read = new GetSecretValueCommand({ SecretId: output('WebhookSecretArn') });
      return (await aws.secrets.send(read)).SecretString ?? '';
    },
    /** Invokes a function by its name in serverless.yml. */
    async invoke(name: string, event: object = {}): Promise<Answer> {
      const Payload = JSON.stringify(event);
      const answer = await aws.lambda.send(new InvokeCommand({ FunctionName: `${STACK}-${name}`, Payload }));
      const payload = JSON.parse(Buffer.from(answer.Payload ?? []).toString() || 'null');
      return { failed: answer.FunctionError !== undefined, payload };
    },
    /** How many messages are waiting and how many are being worked on. */
    async messages(queueUrl: string): Promise<[waiting: number, inFlight: number]> {
      const wanted = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'] as const;
      const { Attributes } = await aws.sqs.send(
        new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: [...wanted] }),
      );
      return [Number(Attributes?.[wanted[0]]), Number(Attributes?.[wanted[1]])];
    },
    async stop(): Promise<void> {
      await emulator.stop();
      await Promise.all([sandbox.stop(), hook.stop(), siem.server.stop(), slack.server.stop()]);
    },
  };
}

/** Asks again until the answer is true. @throws after `seconds` */
export async function eventually(
  what: string,
  isSo: () => Promise<boolean> | boolean,
  seconds = 60,
): Promise<void> {
  // An ablation waits for much that does not come.
  const within = Math.min(seconds, Number(process.env.PATIENCE_SECONDS ?? seconds));
  const deadline = Date.now() + within * 1_000;
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new Error(`not within ${within} s: ${what}`);
    await sleep(200);
  }
}

/** Takes every request, and keeps it. */
async function startInbox(): Promise<{ server: SandboxServer; received: SandboxRequest[] }> {
  const received: SandboxRequest[] = [];
  const server = await startServer({
    handle: (request) => {
      received.push(request);
      return { status: 200, body: { ok: true } };
    },
  });
  return { server, received };
}

/** The function URL under a name that resolves, since only the emulator knows its own. */
function startHook(emulator: Emulator, functionUrl: string): Promise<SandboxServer> {
  return startServer({ handle: (request) => postFunctionUrl(emulator, functionUrl, request) });
}
