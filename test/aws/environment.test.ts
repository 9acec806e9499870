import { KMSClient } from '@aws-sdk/client-kms';
import { S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';
import { describe, expect, test } from 'vitest';
import { awsEnvironment, bucketUrl, kmsUrl, secretsManagerUrl, sqsUrl } from '../../lib/aws/environment.ts';

const REGIONS = [
  'us-east-1',
  'eu-central-1',
  'cn-north-1',
  'cn-northwest-1',
  'us-gov-west-1',
  'us-gov-east-1',
  'eusc-de-east-1',
];
const credentials = { accessKeyId: 'ASIAEXAMPLE', secretAccessKey: 'example' };
const cases = REGIONS.flatMap((region) => [
  { region, fips: false },
  // China has no FIPS endpoints.
  ...(region.startsWith('cn-') ? [] : [{ region, fips: true }]),
]);

describe.each(cases)(
  'in $region, with FIPS $fips, the address is the one of the SDK for',
  ({ fips, region }) => {
    const aws = awsEnvironment({ AWS_REGION: region, AWS_USE_FIPS_ENDPOINT: String(fips) });
    const rules = { Region: region, UseDualStack: false, UseFIPS: fips };

    test('Secrets Manager', () => {
      const { config } = new SecretsManagerClient({ region, credentials });
      expect(secretsManagerUrl(aws)).toBe(config.endpointProvider(rules).url.origin);
    });

    test('KMS', () => {
      const { config } = new KMSClient({ region, credentials });
      expect(kmsUrl(aws)).toBe(config.endpointProvider(rules).url.origin);
    });

    test('SQS', () => {
      const { config } = new SQSClient({ region, credentials });
      expect(sqsUrl(aws, region)).toBe(config.endpointProvider(rules).url.origin);
    });

    test.each(['audit', 'audit.with.dots'])('the bucket %s', (Bucket) => {
      const { config } = new S3Client({ region, credentials });
      const { url } = config.endpointProvider({ ...rules, Bucket });
      expect(bucketUrl(aws, Bucket)).toBe(url.href.replace(/\/$/, ''));
    });
  },
);

describe('an endpoint that is set', () => {
  const env = {
    AWS_ENDPOINT_URL: 'http://127.0.0.1:4566/',
    AWS_ENDPOINT_URL_SQS: 'http://127.0.0.1:1',
    AWS_USE_FIPS_ENDPOINT: 'true',
  };
  const aws = awsEnvironment(env);

  test('is used as it is, that of the service before that of all services', () => {
    expect(sqsUrl(aws, 'cn-north-1')).toBe('http://127.0.0.1:1');
    expect(secretsManagerUrl(aws)).toBe('http://127.0.0.1:4566/');
  });

  test('has buckets in its path', () => {
    expect(bucketUrl(aws, 'audit')).toBe('http://127.0.0.1:4566/audit');
  });
});

test('a queue is in its own region', () => {
  expect(sqsUrl(awsEnvironment({ AWS_REGION: 'us-east-1' }), 'cn-north-1')).toBe(
    'https://sqs.cn-north-1.amazonaws.com.cn',
  );
});
