import { createHash } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { awsEnvironment } from '../../lib/aws/environment.ts';
import { ListError } from '../../lib/aws/list-objects.ts';
import { type ObjectVersion, s3Versions } from '../../lib/aws/list-versions.ts';
import { type S3, startS3 } from '../../sandbox/s3.ts';

const credentials = { accessKeyId: 'ASIAEXAMPLE', secretAccessKey: 'example', sessionToken: 'example' };
let s3: S3;
beforeEach(async () => {
  s3 = await startS3({ credentials });
});
afterEach(() => s3.stop());

const versions = () =>
  s3Versions(
    awsEnvironment({
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      AWS_SESSION_TOKEN: credentials.sessionToken,
      AWS_ENDPOINT_URL_S3: s3.url,
    }),
    'audit',
  );
const deadline = () => Date.now() + 10_000;
async function all(prefix: string, startAfter?: string): Promise<ObjectVersion[]> {
  const found: ObjectVersion[] = [];
  for await (const page of versions().pages({ prefix, startAfter }, deadline())) found.push(...page);
  return found;
}
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

test('versions and delete markers are listed in the order of keys, the newest first', async () => {
  const at = Date.parse('2026-07-30T12:00:00Z');
  s3.owner.write('audit', 'b/2', 'second', at);
  s3.owner.write('audit', 'b/1', 'old', at);
  s3.owner.write('audit', 'b/1', 'newer', at + 5_000);
  s3.owner.hide('audit', 'b/1');
  s3.owner.write('audit', 'c/1', 'other', at);

  expect((await all('b/')).map(({ isDeleteMarker, key, size }) => [key, size, isDeleteMarker])).toEqual([
    ['b/1', 0, true],
    ['b/1', 5, false],
    ['b/1', 3, false],
    ['b/2', 6, false],
  ]);
  expect((await all('b/', 'b/1')).map(({ key }) => key)).toEqual(['b/2']);
});

test('a listing goes on over its pages, also within the versions of one key', async () => {
  for (let index = 0; index < 2_500; index++) s3.owner.write('audit', 'x', String(index), 1_000 * index);
  s3.owner.write('audit', 'y', 'last');

  const found = await all('');
  expect(found).toHaveLength(2_501);
  expect(new Set(found.map(({ versionId }) => versionId)).size).toBe(2_501);
  expect(s3.requests).toHaveLength(3);
});

test('folders are listed without what is in them', async () => {
  for (const key of ['d/date=2/x', 'd/date=1/x', 'd/date=1/y', 'e/z']) s3.owner.write('audit', key, '');

  expect(await versions().folders('d/date=', deadline())).toEqual(['d/date=1/', 'd/date=2/']);
});

test.each([
  ['a record', 'ä "text"'],
  ['what is larger than one answer may be', 'x'.repeat(9 * 1024 * 1024)],
])('the hash is that of the bytes of %s, of the version that is asked for', async (_, text) => {
  s3.owner.write('audit', 'k !(1)', text, 1_000);
  s3.owner.write('audit', 'k !(1)', 'newer', 2_000);
  const [, old] = await all('');

  expect(await versions().hash(old ?? expect.fail('no version'), deadline())).toBe(sha256(text));
});

test('bytes that are no text have their own hash', async () => {
  const bytes = Buffer.from([0xff, 0xfe, 0x00, 0x80]);
  s3.owner.write('audit', 'raw', bytes, 1_000);
  const [raw] = await all('raw');

  expect(await versions().hash(raw ?? expect.fail('no version'), deadline())).toBe(
    createHash('sha256').update(bytes).digest('hex'),
  );
});

test('a listing or a read that fails says so, and passes for nothing', async () => {
  s3.owner.write('audit', 'x', 'text', 1_000);
  const [version] = await all('');
  s3.fault({ status: 403, times: Number.POSITIVE_INFINITY });

  await expect(all('')).rejects.toThrow(ListError);
  await expect(versions().folders('', deadline())).rejects.toThrow(ListError);
  await expect(versions().hash(version ?? expect.fail('no version'), deadline())).rejects.toThrow(ListError);
});

test('an answer that is no listing does not pass for an empty bucket', async () => {
  s3.fault({ status: 200, body: '<html>captive portal</html>' });

  await expect(all('')).rejects.toThrow(ListError);
});
