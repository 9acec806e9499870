import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { awsEnvironment } from '../../lib/aws/environment.ts';
import { ListError, s3FirstName, s3List } from '../../lib/aws/list-objects.ts';
import { s3AuditStore } from '../../lib/aws/write-once-bucket.ts';
import { type S3, startS3 } from '../../sandbox/s3.ts';

const credentials = { accessKeyId: 'ASIAEXAMPLE', secretAccessKey: 'example', sessionToken: 'example' };
let s3: S3;

beforeEach(async () => {
  s3 = await startS3({ credentials });
});
afterEach(() => s3.stop());

const environment = (env: Record<string, string> = {}) =>
  awsEnvironment({
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_SESSION_TOKEN: credentials.sessionToken,
    AWS_ENDPOINT_URL_S3: s3.url,
    ...env,
  });
const list = (prefix: string, startAfter?: string, deadline = Date.now() + 10_000) =>
  s3List(environment(), 'audit')(prefix, { deadline, ...(startAfter !== undefined && { startAfter }) });
const first = (prefix: string, startAfter?: string, deadline = Date.now() + 10_000) =>
  s3FirstName(environment(), 'audit')({ prefix, startAfter }, { deadline });
async function put(...keys: string[]): Promise<void> {
  const store = s3AuditStore(environment(), 'audit');
  for (const key of keys) await store.put(key, 'ä', { deadline: Date.now() + 5_000 });
}

describe('a listing', () => {
  test('has each object of the prefix with its size and time, in the order of keys', async () => {
    await put('b/2.json', 'a/1.json', 'b/1.json');
    const [one, two, ...more] = await list('b/');
    expect([one, two]).toEqual([
      { key: 'b/1.json', size: 2, storedAt: expect.any(Number) },
      { key: 'b/2.json', size: 2, storedAt: expect.any(Number) },
    ]);
    expect(Math.abs((one?.storedAt ?? 0) - Date.now())).toBeLessThan(5_000);
    expect(more).toEqual([]);
  });

  test('goes on over all pages', async () => {
    const keys = Array.from({ length: 2_001 }, (_, index) => `p/${String(index).padStart(5, '0')}`);
    for (let index = 0; index < keys.length; index += 50)
      await Promise.all(keys.slice(index, index + 50).map((key) => put(key)));
    expect((await list('p/')).map(({ key }) => key)).toEqual(keys);
    expect((await list('p/', keys[999])).map(({ key }) => key)).toEqual(keys.slice(1_000));
    expect(s3.requests.filter(({ operation }) => operation === 'ListObjectsV2')).toHaveLength(3 + 2);
  });

  test('reads keys with characters that XML escapes', async () => {
    const keys = ['x/"q".json', "x/'a'.json", 'x/<&>.json', 'x/é b+c.json'];
    await put(...keys);
    expect((await list('x/')).map(({ key }) => key)).toEqual(keys);
  });

  test('is retried after an error of the service', async () => {
    await put('a/1');
    s3.fault({ operation: 'ListObjectsV2', status: 503 });
    expect(await list('a/')).toHaveLength(1);
  });
});

describe('the first name', () => {
  test('is that of the prefix, after another', async () => {
    await put('a/1', 'a/2', 'b/1');
    expect(await first('a/')).toEqual({ ok: true, name: 'a/1' });
    expect(await first('a/', 'a/1')).toEqual({ ok: true, name: 'a/2' });
    expect(await first('a/', 'a/2')).toEqual({ ok: true, name: undefined });
  });

  test('takes any deadline, a fraction of a millisecond or none', async () => {
    for (const deadline of [Date.now() + 5_000.4, Number.POSITIVE_INFINITY])
      expect(await first('a/', undefined, deadline)).toEqual({ ok: true, name: undefined });
  });
});

const part = (rest: string) =>
  `<ListBucketResult><Name>audit</Name><Prefix></Prefix><MaxKeys>1000</MaxKeys>${rest}</ListBucketResult>`;
const object = '<Contents><Key>a/1</Key><LastModified>2026-07-30T00:00:00.000Z</LastModified>';

describe('what is not a whole listing does not pass for an empty bucket:', () => {
  test.each([
    ['another document', '<Maintenance/>'],
    ['an HTML page', '<html><body>sign in</body></html>'],
    ['no document', ''],
    ['fewer objects than it counts', part('<KeyCount>1</KeyCount><IsTruncated>false</IsTruncated>')],
    ['an object without its size', part(`<KeyCount>1</KeyCount>${object}</Contents>`)],
  ])('%s', async (_title, body) => {
    s3.fault({ operation: 'ListObjectsV2', status: 200, body, times: Number.POSITIVE_INFINITY });
    await expect(list('a/')).rejects.toThrow(ListError);
    expect(await first('a/')).toEqual({ ok: false, reason: expect.any(String) });
  });

  test('a page that says that there are more, and not where', async () => {
    const body = part(
      `<KeyCount>1</KeyCount><IsTruncated>true</IsTruncated>${object}<Size>1</Size></Contents>`,
    );
    s3.fault({ operation: 'ListObjectsV2', status: 200, body });
    await expect(list('a/')).rejects.toThrow('the audit bucket is not listed: IncompleteListingError');
  });
});

describe('a bucket that cannot be listed is an error with its cause:', () => {
  test.each([
    ['without permission', { status: 403 }, 'AccessDenied', 1],
    ['failing', { status: 500, times: Number.POSITIVE_INFINITY }, 'InternalError', 6],
    ['out of reach', { reset: 'before' as const, times: Number.POSITIVE_INFINITY }, 'ECONNRESET', 6],
  ])('%s', { timeout: 60_000 }, async (_title, fault, code, attempts) => {
    s3.fault(fault);
    await expect(list('a/', undefined, Date.now() + 50_000)).rejects.toEqual(
      new ListError(`the audit bucket is not listed: ${code}`),
    );
    expect(s3.requests).toHaveLength(attempts);
  });

  test('hanging, within the time', async () => {
    s3.fault({ delayMs: 30_000, times: Number.POSITIVE_INFINITY });
    const start = Date.now();
    await expect(list('a/', undefined, start + 300)).rejects.toThrow(ListError);
    expect(await first('a/', undefined, Date.now() + 300)).toMatchObject({ ok: false });
    expect(Date.now() - start).toBeLessThan(2_500);
  });

  test('while it pauses before a retry, within the time', async () => {
    s3.fault({ status: 503, times: Number.POSITIVE_INFINITY, headers: { 'retry-after': '20' } });
    const start = Date.now();
    await expect(list('a/', undefined, start + 500)).rejects.toThrow(ListError);
    expect(Date.now() - start).toBeLessThan(2_500);
  });
});
