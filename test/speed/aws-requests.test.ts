import { createHash } from 'node:crypto';
import { DecryptCommand, GenerateDataKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { ChangeMessageVisibilityCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { sealingKey } from '../../lib/aws/data-keys.ts';
import { type AwsEnvironment, awsEnvironment, secretsManagerUrl } from '../../lib/aws/environment.ts';
import { s3Versions } from '../../lib/aws/list-versions.ts';
import { s3ReplaceableObjects } from '../../lib/aws/replaceable-objects.ts';
import { secretsManager } from '../../lib/aws/secrets.ts';
import { sqsQueue, sqsRetrySoon } from '../../lib/aws/sqs.ts';
import { s3AuditStore } from '../../lib/aws/write-once-bucket.ts';
import type { LeakReport } from '../../lib/domain/report.ts';
import { signatureProblem } from '../../sandbox/aws-signature.ts';
import { type SandboxRequest, type SandboxServer, startServer } from '../../sandbox/http-server.ts';

// Where less than an AWS SDK client sends, the request is held to the one that the client itself sends.

const credentials = {
  accessKeyId: ['ASIA', 'X'.repeat(16)].join(''),
  secretAccessKey: 'not a secret',
  sessionToken: 'session/token+with=signs',
};
/** What KMS answers. */
const KEY = {
  CiphertextBlob: Buffer.from('sealed').toString('base64'),
  Plaintext: Buffer.from('key').toString('base64'),
};
const received: SandboxRequest[] = [];
let server: SandboxServer;
let aws: AwsEnvironment;

beforeAll(async () => {
  server = await startServer({
    handle: (request) => {
      received.push(request);
      const MD5OfMessageBody = md5(/"MessageBody":("(?:[^"\\]|\\.)*")/.exec(request.body.toString())?.[1]);
      const body = JSON.stringify({
        MessageId: 'm-1',
        MD5OfMessageBody,
        Name: 'a',
        SecretString: 'b',
        ...KEY,
      });
      return { status: 200, headers: { 'content-type': 'application/x-amz-json-1.0' }, body };
    },
  });
  aws = awsEnvironment({
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_SESSION_TOKEN: credentials.sessionToken,
    AWS_ENDPOINT_URL: server.url,
  });
});
afterAll(() => server.stop());
afterEach(() => {
  received.length = 0;
});

const settings = () => ({ region: aws.region, credentials, endpoint: server.url });
const retry = () => ({ deadline: Date.now() + 5_000, attempts: 1 });

describe('a record put into S3', () => {
  const paths = [
    'records/date=2026-11-23/github/acme/webshop/1/created/20261123T084222000Z/90-outcome.json',
    "records/date=2026-11-23/console/a b+c%20d~e_f.g-h!(1)*'é&?#/10-intent.json",
  ];

  test.each(paths)('is what the SDK sends: %s', async (path) => {
    const record = { text: 'ü "quoted" \n', number: 1 };
    const body = JSON.stringify(record);
    const client = new S3Client({ ...settings(), forcePathStyle: true });
    await client.send(
      new PutObjectCommand({
        Bucket: 'audit',
        Key: path,
        Body: body,
        ContentType: 'application/json',
        IfNoneMatch: '*',
        ChecksumSHA256: createHash('sha256').update(body).digest('base64'),
      }),
    );
    expect(await s3AuditStore(aws, 'audit').put(path, record, retry())).toEqual({ result: 'stored' });

    const names = ['content-type', 'content-length', 'if-none-match', 'x-amz-checksum-sha256', 'host'];
    sameRequests('s3', names);
  });

  test('is what the SDK sends when it replaces a version', async () => {
    const body = JSON.stringify({ number: 2 });
    const etag = `"${'0'.repeat(32)}"`;
    const client = new S3Client({ ...settings(), forcePathStyle: true });
    await client.send(
      new PutObjectCommand({
        Bucket: 'audit',
        Key: 'registry/a.json',
        Body: body,
        ContentType: 'application/json',
        IfMatch: etag,
        ChecksumSHA256: createHash('sha256').update(body).digest('base64'),
      }),
    );
    await s3ReplaceableObjects(aws, 'audit').put('registry/a.json', { number: 2 }, etag, retry());

    sameRequests('s3', ['content-type', 'content-length', 'if-match', 'x-amz-checksum-sha256', 'host']);
    expect(received[0]?.headers['if-match']).toBe(etag);
  });

  test.each(paths)('is read as the SDK does: %s', async (path) => {
    const client = new S3Client({ ...settings(), forcePathStyle: true });
    await client.send(new GetObjectCommand({ Bucket: 'audit', Key: path }));
    expect(await s3AuditStore(aws, 'audit').get(path, retry())).toMatchObject({ ok: true });

    sameRequests('s3', ['host']);
  });
});

describe('a version of an object', () => {
  test('is read as the SDK does', async () => {
    const version = { key: "plans/a b+c/é'(1).json", versionId: 'a.b_c-d+/=', size: 1 };
    const client = new S3Client({ ...settings(), forcePathStyle: true });
    const input = { Bucket: 'audit', Key: version.key, VersionId: version.versionId };
    await client.send(new GetObjectCommand(input));
    await s3Versions(aws, 'audit').hash(
      { ...version, storedAt: 0, isDeleteMarker: false },
      Date.now() + 5_000,
    );

    sameRequests('s3', ['host']);
  });
});

describe('a message sent to SQS', () => {
  test('is what the SDK sends', async () => {
    const report: LeakReport = {
      version: 1,
      report_id: 'github/acme/webshop/1/created/20261123T084222000Z',
      detector: 'github',
      invoked_by: 'webhook',
      reported_at: 1_795_423_342_000,
      seen_at: 1_795_423_343_000,
      leak: { kind: 'github_alert', owner: 'acme', repo: 'webshop', number: 1 },
      reason: 'ü "quoted" \n',
    };
    const QueueUrl = `${server.url}/123456789012/leaks`;
    const client = new SQSClient(settings());
    await client.send(new SendMessageCommand({ QueueUrl, MessageBody: JSON.stringify(report) }));
    await sqsQueue(aws, QueueUrl).send(report, Date.now() + 5_000);

    sameRequests('sqs', ['content-type', 'content-length', 'x-amz-target', 'host']);
  });

  test('is made visible again as the SDK does', async () => {
    const QueueUrl = `${server.url}/123456789012/leaks`;
    const client = new SQSClient(settings());
    await client.send(
      new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle: 'handle', VisibilityTimeout: 15 }),
    );
    const queueArn = 'arn:aws:sqs:eu-central-1:123456789012:leaks';
    await sqsRetrySoon(aws)({ queueArn, receiptHandle: 'handle' }, 15);

    sameRequests('sqs', ['content-type', 'content-length', 'x-amz-target', 'host']);
  });
});

describe('a key that seals', () => {
  const KeyId = 'arn:aws:kms:eu-central-1:123456789012:key/1';
  const EncryptionContext = { report_id: 'webhook/msg_1/ü' };
  const names = ['content-type', 'content-length', 'x-amz-target', 'host'];

  test('makes a data key as the SDK does', async () => {
    const client = new KMSClient(settings());
    await client.send(new GenerateDataKeyCommand({ EncryptionContext, KeyId, KeySpec: 'AES_256' }));
    const key = await sealingKey(aws, KeyId).generate(EncryptionContext, Date.now() + 5_000);
    expect(key).toEqual({ plain: Buffer.from('key'), sealed: KEY.CiphertextBlob });
    sameRequests('kms', names);
  });

  test('opens as the SDK does', async () => {
    const client = new KMSClient(settings());
    const CiphertextBlob = Buffer.from(KEY.CiphertextBlob, 'base64');
    await client.send(new DecryptCommand({ CiphertextBlob, EncryptionContext, KeyId }));
    const text = await sealingKey(aws, KeyId).decrypt(
      KEY.CiphertextBlob,
      EncryptionContext,
      Date.now() + 5_000,
    );
    expect(text).toEqual(Buffer.from('key'));
    sameRequests('kms', names);
  });
});

describe('a secret', () => {
  test('is asked for as the SDK does', async () => {
    const client = new SecretsManagerClient(settings());
    await client.send(new GetSecretValueCommand({ SecretId: 'a', VersionStage: 'AWSPREVIOUS' }));
    expect(await secretsManager(aws)('a', 'AWSPREVIOUS')).toBe('b');

    sameRequests('secretsmanager', ['content-type', 'content-length', 'x-amz-target', 'host']);
  });

  test('is asked for where the SDK does when no endpoint is set', async () => {
    for (const AWS_REGION of ['us-east-1', 'eu-central-1', 'cn-north-1']) {
      const { config } = new SecretsManagerClient({ region: AWS_REGION, credentials });
      const endpoint = config.endpointProvider({ Region: AWS_REGION, UseDualStack: false, UseFIPS: false });
      expect(secretsManagerUrl(awsEnvironment({ AWS_REGION }))).toBe(endpoint.url.origin);
    }
  });
});

/** Two requests were received, the SDK's and ours: both signed right, and the same in all that matters. */
function sameRequests(service: string, names: string[]): void {
  const [theirs, ours, ...more] = received;
  if (theirs === undefined || ours === undefined) throw new Error('there are not two requests');
  expect(more).toEqual([]);
  for (const request of [theirs, ours])
    expect(signatureProblem(request, service, credentials)).toBeUndefined();
  const essential = ({ body, headers, method, path, rawQuery }: SandboxRequest) => ({
    method,
    path,
    query: rawQuery.replace(/(?:^|&)x-id=\w+$/, ''),
    body: body.toString(),
    headers: Object.fromEntries(names.map((name) => [name, headers[name]])),
  });
  expect(essential(ours)).toEqual(essential(theirs));
  expect(signedNames(ours)).toEqual(expect.arrayContaining(['host', 'x-amz-date', 'x-amz-security-token']));
}

function signedNames({ headers }: SandboxRequest): string[] {
  return /SignedHeaders=([^,]+)/.exec(headers.authorization ?? '')?.[1]?.split(';') ?? [];
}

/** The client holds the answer to it. */
function md5(json = '""'): string {
  return createHash('md5').update(JSON.parse(json)).digest('hex');
}
