import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { awsEnvironment } from '../../lib/aws/environment.ts';
import { s3AuditStore } from '../../lib/aws/write-once-bucket.ts';
import { type S3, startS3 } from '../../sandbox/s3.ts';

const credentials = { accessKeyId: 'ASIAEXAMPLE', secretAccessKey: 'example', sessionToken: 'example' };
let s3: S3;
beforeEach(async () => {
  s3 = await startS3({ credentials });
});
afterEach(() => s3.stop());

const store = () =>
  s3AuditStore(
    awsEnvironment({
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      AWS_SESSION_TOKEN: credentials.sessionToken,
      AWS_ENDPOINT_URL_S3: s3.url,
    }),
    'audit',
  );
const once = () => ({ deadline: Date.now() + 5_000, attempts: 1 });
const always = Number.POSITIVE_INFINITY;

test('a record that is there stays as it is', async () => {
  expect(await store().put('a/1', { first: true }, once())).toEqual({ result: 'stored' });
  expect(await store().put('a/1', { first: false }, once())).toEqual({ result: 'exists' });
  expect(await store().get('a/1', once())).toEqual({ ok: true, text: '{"first":true}' });
});

test('a record that is given as its JSON is stored to the letter', async () => {
  const text = '{ "spaced": true }';
  expect(await store().put('a/1', text, once())).toEqual({ result: 'stored' });
  expect(await store().get('a/1', once())).toEqual({ ok: true, text });
});

test('a put whose answer was lost meets itself', async () => {
  s3.fault({ method: 'PUT', reset: 'after' });

  expect(await store().put('a/1', {}, { deadline: Date.now() + 5_000 })).toEqual({ result: 'exists' });
});

test('a record that is not there is told from one that cannot be read', async () => {
  expect(await store().get('a/1', once())).toEqual({ ok: true, text: undefined });
});

describe('a bucket that answers', () => {
  test.each([403, 500, 503])('%i: a record that cannot be read is not taken for missing', async (status) => {
    s3.fault({ method: 'GET', status, times: always });

    expect(await store().get('a/1', once())).toMatchObject({ ok: false, reason: expect.any(String) });
  });

  test.each([403, 500, 503])('%i: a record that is not taken is not stored', async (status) => {
    s3.fault({ method: 'PUT', status, times: always });

    expect(await store().put('a/1', {}, once())).toMatchObject({ result: 'failed' });
    s3.clearFaults();
    expect(await store().get('a/1', once())).toEqual({ ok: true, text: undefined });
  });
});
