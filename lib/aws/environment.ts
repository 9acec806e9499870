/** Where and as whom to call AWS. In Lambda all of it is in the environment. */
export interface AwsEnvironment {
  readonly region: string;
  readonly credentials: { accessKeyId: string; secretAccessKey: string; sessionToken?: string };
  /** The endpoint of a service as set by `AWS_ENDPOINT_URL_<SERVICE>` or `AWS_ENDPOINT_URL`. */
  endpoint(service: 'S3' | 'SQS' | 'SNS' | 'KMS' | 'SECRETS_MANAGER'): string | undefined;
}

type Env = Readonly<Record<string, string | undefined>>;

/** Reads the variables that Lambda sets, under the names that the AWS SDKs use. */
export function awsEnvironment(env: Env): AwsEnvironment {
  const sessionToken = env.AWS_SESSION_TOKEN;
  return {
    region: env.AWS_REGION ?? env.AWS_DEFAULT_REGION ?? 'us-east-1',
    credentials: {
      accessKeyId: env.AWS_ACCESS_KEY_ID ?? '',
      secretAccessKey: env.AWS_SECRET_ACCESS_KEY ?? '',
      ...(sessionToken !== undefined && sessionToken !== '' && { sessionToken }),
    },
    endpoint: (service) => env[`AWS_ENDPOINT_URL_${service}`] || env.AWS_ENDPOINT_URL || undefined,
  };
}

/** Where Secrets Manager is, as far as a connection needs to know. */
export function secretsManagerUrl(aws: AwsEnvironment): string {
  return aws.endpoint('SECRETS_MANAGER') ?? `https://secretsmanager.${aws.region}.${domain(aws)}`;
}

/** The URL of a bucket, without a slash at its end. */
export function bucketUrl(aws: AwsEnvironment, bucket: string): string {
  const endpoint = aws.endpoint('S3');
  if (endpoint !== undefined) return `${endpoint.replace(/\/+$/, '')}/${bucket}`;
  const host = `s3.${aws.region}.${domain(aws)}`;
  // A dot in the bucket's name would not match the wildcard certificate.
  return bucket.includes('.') ? `https://${host}/${bucket}` : `https://${bucket}.${host}`;
}

function domain({ region }: AwsEnvironment): string {
  return region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
}
