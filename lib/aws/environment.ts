/** Where and as whom to call AWS. In Lambda all of it is in the environment. */
export interface AwsEnvironment {
  readonly region: string;
  readonly credentials: { accessKeyId: string; secretAccessKey: string; sessionToken?: string };
  /** Whether to call the endpoints that use FIPS 140 validated cryptography, by `AWS_USE_FIPS_ENDPOINT`. */
  readonly useFips: boolean;
  /** The endpoint of a service as set by `AWS_ENDPOINT_URL_<SERVICE>` or `AWS_ENDPOINT_URL`. */
  endpoint(
    service: 'S3' | 'SQS' | 'SNS' | 'SESV2' | 'KMS' | 'SECRETS_MANAGER' | 'CLOUDFORMATION' | 'LAMBDA',
  ): string | undefined;
}

/** The services that are called without the SDK's clients. */
export type SignedService = 'kms' | 's3' | 'secretsmanager' | 'sqs';

type Env = Readonly<Record<string, string | undefined>>;

/** Reads the variables that Lambda sets, under the names that the AWS SDKs use. Later changes do not count. */
export function awsEnvironment(now: Env): AwsEnvironment {
  const env = { ...now };
  const sessionToken = env.AWS_SESSION_TOKEN;
  return {
    region: env.AWS_REGION ?? env.AWS_DEFAULT_REGION ?? 'us-east-1',
    credentials: {
      accessKeyId: env.AWS_ACCESS_KEY_ID ?? '',
      secretAccessKey: env.AWS_SECRET_ACCESS_KEY ?? '',
      ...(sessionToken !== undefined && sessionToken !== '' && { sessionToken }),
    },
    useFips: env.AWS_USE_FIPS_ENDPOINT === 'true',
    endpoint: (service) => env[`AWS_ENDPOINT_URL_${service}`] || env.AWS_ENDPOINT_URL || undefined,
  };
}

/** The URL of Secrets Manager, without a slash at its end unless the setting has one. */
export function secretsManagerUrl(aws: AwsEnvironment): string {
  return aws.endpoint('SECRETS_MANAGER') ?? `https://${serviceHost(aws, 'secretsmanager')}`;
}

/** The URL of KMS, as `secretsManagerUrl`. */
export function kmsUrl(aws: AwsEnvironment): string {
  return aws.endpoint('KMS') ?? `https://${serviceHost(aws, 'kms')}`;
}

/** The URL of SQS in a region, as `secretsManagerUrl`. */
export function sqsUrl(aws: AwsEnvironment, region: string): string {
  return aws.endpoint('SQS') ?? `https://${serviceHost({ ...aws, region }, 'sqs')}`;
}

/** The URL of a bucket, without a slash at its end. */
export function bucketUrl(aws: AwsEnvironment, bucket: string): string {
  const endpoint = aws.endpoint('S3');
  if (endpoint !== undefined) return `${endpoint.replace(/(?<!\/)\/+$/, '')}/${bucket}`;
  const host = serviceHost(aws, 's3');
  // A dot in the bucket's name would not match the wildcard certificate.
  return bucket.includes('.') ? `https://${host}/${bucket}` : `https://${bucket}.${host}`;
}

/** By the beginning of a region's name. AWS GovCloud shares the suffix of the commercial regions. */
const DNS_SUFFIXES: Readonly<Record<string, string>> = { 'cn-': 'amazonaws.com.cn', 'eusc-': 'amazonaws.eu' };

/** A test holds it to the endpoint rules of the SDK. */
function serviceHost({ region, useFips }: AwsEnvironment, service: SignedService): string {
  const suffix = Object.entries(DNS_SUFFIXES).find(([start]) => region.startsWith(start))?.[1];
  // In AWS GovCloud the ordinary endpoint of SQS is the FIPS one.
  const isOrdinary = !useFips || (service === 'sqs' && region.startsWith('us-gov-'));
  return `${service}${isOrdinary ? '' : '-fips'}.${region}.${suffix ?? 'amazonaws.com'}`;
}
