import { randomBytes } from 'node:crypto';
import { type NewKey, startDevin } from './devin.ts';
import { startGitHub } from './github.ts';
import { startKms } from './kms.ts';
import { startS3 } from './s3.ts';
import { startSecretsManager } from './secrets-manager.ts';
import { type Sqs, startSqs } from './sqs.ts';

// The sandbox: what the functions talk to, as stateful stand-ins on this machine. `devin`, `github`, `s3`, `sqs`, `kms`
// and `secrets-manager` serve the APIs; `lambda`, `function-url` and `sqs-poll` run the built functions as AWS does;
// `observe` shows what they left behind. It is used by `npm start` and `npm run dev`, by the tests, by the bench, and by
// commands with the option `--sandbox`. Nothing of it is deployed.

export type SandboxOptions = {
  latencyMs?: number;
  /** audit records are also written to this folder */
  auditDir?: string;
  /** default true; without it `sqs` must not be used */
  sqs?: boolean;
};

export type LeakOptions = {
  /** how many keys the service user has, default 1; the first one leaks */
  keys?: number;
  /** of the service user */
  name?: string;
  /** of the leaked key */
  key?: NewKey;
  owner?: string;
  repo?: string;
};

export type Sandbox = Awaited<ReturnType<typeof startSandbox>>;

const SECRETS = {
  admin: 'devin-key-revoker/admin-token',
  webhook: 'devin-key-revoker/webhook-secret',
  github: 'devin-key-revoker/github-token',
};
const AUDIT_BUCKET = 'devin-key-revoker-audit';

/**
 * Starts everything that the functions talk to, on loopback: stateful stand-ins for Devin, GitHub, Secrets Manager, S3,
 * KMS and SQS over real HTTP, with an admin token, a webhook secret and a GitHub token in place.
 */
export async function startSandbox(options: SandboxOptions = {}) {
  const { latencyMs = 0 } = options;
  const credentials = {
    accessKeyId: `ASIA${randomBytes(8).toString('hex').toUpperCase()}`,
    secretAccessKey: randomBytes(30).toString('base64'),
    sessionToken: randomBytes(48).toString('base64'),
  };
  const [devin, github, secrets, s3, kms, queue] = await Promise.all([
    startDevin({ latencyMs }),
    startGitHub({ latencyMs }),
    startSecretsManager({ latencyMs, credentials }),
    startS3({ latencyMs, credentials, dir: options.auditDir }),
    startKms({ latencyMs, credentials }),
    options.sqs === false ? undefined : startSqs({ latencyMs, credentials }),
  ]);

  const manager = devin.createServiceUser({ name: 'key-revoker', canManage: true });
  const admin = devin.createKey(manager.service_user_id, { name: 'key-revoker' });
  const webhookSecret = randomBytes(32).toString('hex');
  secrets.put(SECRETS.admin, admin.token);
  const standardSecret = ['whsec', randomBytes(32).toString('base64')].join('_');
  const gitlabSecret = randomBytes(32).toString('hex');
  const webhookSecrets = { github: webhookSecret, standard: standardSecret, gitlab: gitlabSecret };
  secrets.put(SECRETS.webhook, JSON.stringify(webhookSecrets));
  secrets.put(SECRETS.github, github.token);

  return {
    devin,
    github,
    secrets,
    s3,
    kms,
    get sqs(): Sqs {
      if (queue === undefined) throw new Error('the sandbox was started with sqs: false');
      return queue;
    },
    admin,
    githubToken: github.token,
    /** GitHub's */
    webhookSecret,
    standardSecret,
    gitlabSecret,
    secretIds: SECRETS,
    auditBucket: AUDIT_BUCKET,

    /** The environment of the functions; an override of `undefined` removes a variable. */
    env(overrides: Record<string, string | undefined> = {}): Record<string, string> {
      const env: Record<string, string | undefined> = {
        AWS_REGION: 'us-east-1',
        AWS_ACCESS_KEY_ID: credentials.accessKeyId,
        AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
        AWS_SESSION_TOKEN: credentials.sessionToken,
        AWS_ENDPOINT_URL_SECRETS_MANAGER: secrets.url,
        AWS_ENDPOINT_URL_S3: s3.url,
        // Without a queue, an address that refuses connections, rather than AWS itself.
        AWS_ENDPOINT_URL_SQS: queue?.url ?? 'http://127.0.0.1:9',
        AWS_ENDPOINT_URL_KMS: kms.url,
        DEVIN_API_URL: devin.url,
        GITHUB_API_URL: github.url,
        ADMIN_TOKEN_SECRET_ID: SECRETS.admin,
        WEBHOOK_SECRET_ID: SECRETS.webhook,
        GITHUB_TOKEN_SECRET_ID: SECRETS.github,
        LEAK_QUEUE_URL: queue?.queueUrl,
        BACKLOG_QUEUE_URL: queue?.backlogQueueUrl,
        SWEEP_QUEUE_URL: queue?.sweepQueueUrl,
        AUDIT_BUCKET,
        AUDIT_KEY_ID: kms.keyArn,
        SEALING_KEY_ID: kms.sealingKeyArn,
        GITHUB_SECRET_TYPES: 'devin_api_key',
        GITLAB_TOKEN_TYPES: 'gitleaks_rule_id_devin-api-key',
        GITHUB_ORGS: 'acme',
        // What follows a report is asked for by the tests and stories that are about it.
        AFTERMATH: 'off',
        ...overrides,
      };
      return Object.fromEntries(
        Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
      );
    },

    /** A service user with keys, the first of which is in an open GitHub alert. */
    leak({ keys = 1, name = 'deploy-bot', key, owner = 'acme', repo = 'webshop' }: LeakOptions = {}) {
      const user = devin.createServiceUser({ name });
      const leaked = devin.createKey(user.service_user_id, { name: 'leaked', ...key });
      const others = Array.from({ length: keys - 1 }, () => devin.createKey(user.service_user_id));
      const alert = github.createAlert({ owner, repo, secret: leaked.token });
      return { ...user, ...leaked, leaked, others, keys: [leaked, ...others], alert };
    },

    async stop(): Promise<void> {
      await Promise.all([devin.stop(), github.stop(), secrets.stop(), s3.stop(), kms.stop(), queue?.stop()]);
    },
  };
}
