import { SNSClient } from '@aws-sdk/client-sns';
import { describe, expect, test } from 'vitest';
import { awsEnvironment } from '../../lib/aws/environment.ts';
import { abortAt, sdkErrorCode, sdkOptions } from '../../lib/aws/sdk-options.ts';

const options = (env: Record<string, string>) =>
  sdkOptions(awsEnvironment(env), 'SNS', { attempts: 4, timeoutMs: 5_000 });

describe('a client of the SDK', () => {
  test.each([
    ['us-east-1', 'false', 'https://sns.us-east-1.amazonaws.com'],
    ['us-east-1', 'true', 'https://sns-fips.us-east-1.amazonaws.com'],
    ['us-gov-west-1', 'false', 'https://sns.us-gov-west-1.amazonaws.com'],
    ['cn-north-1', 'false', 'https://sns.cn-north-1.amazonaws.com.cn'],
  ])('calls the service in %s, with FIPS %s, at %s', async (AWS_REGION, AWS_USE_FIPS_ENDPOINT, origin) => {
    const { config } = new SNSClient(options({ AWS_REGION, AWS_USE_FIPS_ENDPOINT }));
    const UseFIPS = await config.useFipsEndpoint();
    const { url } = config.endpointProvider({
      Region: await config.region(),
      UseFIPS: UseFIPS === true,
      UseDualStack: false,
    });
    expect(url.origin).toBe(origin);
  });

  test('calls the endpoint that is set', () => {
    expect(options({ AWS_ENDPOINT_URL_SNS: 'http://127.0.0.1:1' })).toMatchObject({
      endpoint: 'http://127.0.0.1:1',
    });
    expect(options({})).not.toHaveProperty('endpoint');
  });
});

describe('a deadline', () => {
  test.each([
    ['that has passed', () => Date.now() - 1_000],
    ['between two milliseconds', () => Date.now() + 0.5],
  ])('%s aborts at once', async (_title, deadline) => {
    const { abortSignal } = abortAt(deadline());
    await expect.poll(() => abortSignal.aborted).toBe(true);
  });

  test('that never comes does not abort', () => {
    expect(abortAt(Number.POSITIVE_INFINITY).abortSignal.aborted).toBe(false);
  });
});

test.each([
  [Object.assign(new Error('x'), { code: 'ECONNRESET' }), 'ECONNRESET'],
  [Object.assign(new Error('x'), { name: 'AccessDenied' }), 'AccessDenied'],
  ['x', 'unknown'],
])('what is said of an error is its code or its name: %#', (error, code) => {
  expect(sdkErrorCode(error)).toBe(code);
});
