import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { conditionalObjects, encodePath } from '../../lib/aws/conditional-objects.ts';
import { awsEnvironment } from '../../lib/aws/environment.ts';
import { type S3, startS3 } from '../../sandbox/s3.ts';

const credentials = { accessKeyId: 'ASIAEXAMPLE', secretAccessKey: 'example', sessionToken: 'example' };
let s3: S3;
beforeEach(async () => {
  s3 = await startS3({ credentials });
});
afterEach(async () => {
  vi.restoreAllMocks();
  await s3.stop();
});

function put(deadline = Date.now() + 5_000, onSent?: () => void) {
  const aws = awsEnvironment({
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_SESSION_TOKEN: credentials.sessionToken,
    AWS_ENDPOINT_URL_S3: s3.url,
  });
  return conditionalObjects(aws, 'audit').put('a/1', '{}', { 'if-none-match': '*' }, { deadline }, onSent);
}

test('a put reports that it is on the wire', async () => {
  const onSent = vi.fn();
  expect(await put(undefined, onSent)).toMatchObject({ status: 200 });
  expect(onSent).toHaveBeenCalledTimes(1);
});

describe('a put that always meets another one in flight', () => {
  beforeEach(() => s3.fault({ method: 'PUT', status: 409, times: Number.POSITIVE_INFINITY }));

  test('is tried six times', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(0);
    expect(await put()).toMatchObject({ status: 409 });
    expect(s3.requests).toHaveLength(6);
  });

  test('does not wait beyond its deadline', async () => {
    // The first pause would be of two seconds.
    vi.spyOn(Math, 'random').mockReturnValue(10);
    expect(await put(Date.now() + 1_000)).toMatchObject({ status: 409 });
    expect(s3.requests).toHaveLength(1);
  });
});

test.each([
  ['records/date=2026-07-30/a', 'records/date%3D2026-07-30/a'],
  ["!'()*", '%21%27%28%29%2A'],
  ['a b+ä~', 'a%20b%2B%C3%A4~'],
])('the path %s is encoded as %s', (path, expected) => {
  expect(encodePath(path)).toBe(expected);
});
