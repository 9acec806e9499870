import { afterEach, beforeEach, expect, test } from 'vitest';
import { awsEnvironment } from '../../lib/aws/environment.ts';
import { type ReplaceableObjects, s3ReplaceableObjects } from '../../lib/aws/replaceable-objects.ts';
import { type S3, startS3 } from '../../sandbox/s3.ts';

const credentials = { accessKeyId: 'ASIAEXAMPLE', secretAccessKey: 'example', sessionToken: 'example' };
let s3: S3;
let objects: ReplaceableObjects;

beforeEach(async () => {
  s3 = await startS3({ credentials });
  const aws = awsEnvironment({
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_SESSION_TOKEN: credentials.sessionToken,
    AWS_ENDPOINT_URL_S3: s3.url,
  });
  objects = s3ReplaceableObjects(aws, 'audit');
});
afterEach(() => s3.stop());
const retry = () => ({ deadline: Date.now() + 5_000, attempts: 2 });
const put = (value: object, etag: string | undefined) => objects.put('registry/a.json', value, etag, retry());

test('an object is read with the tag of its version', async () => {
  expect(await objects.get('registry/a.json', retry())).toEqual({ ok: true, found: undefined });
  const stored = await put({ a: 1 }, undefined);
  expect(stored).toEqual({ result: 'stored', etag: expect.stringMatching(/^"[0-9a-f]{32}"$/) });
  const etag = stored.result === 'stored' ? stored.etag : undefined;
  expect(await objects.get('registry/a.json', retry())).toEqual({
    ok: true,
    found: { text: '{"a":1}', etag },
  });
});

test('a put replaces the version that it names, and no other', async () => {
  const first = await put({ a: 1 }, undefined);
  if (first.result !== 'stored') expect.fail(first.result);

  expect(await put({ a: 2 }, undefined)).toEqual({ result: 'conflict' });
  expect(await put({ a: 2 }, first.etag)).toMatchObject({ result: 'stored' });
  expect(await put({ a: 3 }, first.etag)).toEqual({ result: 'conflict' });
  expect(await objects.put('registry/b.json', {}, first.etag, retry())).toEqual({ result: 'conflict' });
  expect(s3.get('registry/a.json')?.body).toBe('{"a":2}');
});

test('a put waits while another one of the same name is in flight', async () => {
  s3.fault({ method: 'PUT', status: 409, times: 2 });
  expect(await put({ a: 1 }, undefined)).toMatchObject({ result: 'stored' });
});

test.each<[string, object, string]>([
  ['without a tag', { status: 200, body: '{}' }, 'HTTP 200'],
  ['of a refusal, with a tag', { status: 403, headers: { etag: '"1"' } }, 'HTTP 403'],
])('an answer %s is no version', async (_, fault, code) => {
  s3.fault({ ...fault, times: Number.POSITIVE_INFINITY });
  expect(await put({ a: 1 }, undefined)).toEqual({
    result: 'failed',
    reason: `the object was not stored (${code})`,
  });
  expect(await objects.get('registry/a.json', retry())).toEqual({ ok: false, reason: code });
});

test('what could not be stored or read is reported', async () => {
  s3.fault({ status: 503, times: Number.POSITIVE_INFINITY });
  expect(await put({ a: 1 }, undefined)).toEqual({
    result: 'failed',
    reason: 'the object was not stored (HTTP 503)',
  });
  expect(await objects.get('registry/a.json', retry())).toEqual({ ok: false, reason: 'HTTP 503' });
});
