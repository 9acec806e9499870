import { Agent } from 'node:https';
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { KMSClient } from '@aws-sdk/client-kms';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SESv2Client } from '@aws-sdk/client-sesv2';
import { SNSClient } from '@aws-sdk/client-sns';
import { SQSClient } from '@aws-sdk/client-sqs';
import { type Emulator, REGION } from './start-emulator.ts';

export type AwsClients = ReturnType<typeof awsClients>;

/** The SDK's clients for the emulator, as the administrator of the account. */
export function awsClients({ certificate, env, url }: Emulator) {
  const options = {
    endpoint: url,
    region: REGION,
    credentials: {
      accessKeyId: env.AWS_ACCESS_KEY_ID ?? '',
      secretAccessKey: env.AWS_SECRET_ACCESS_KEY ?? '',
    },
    // A function may take its whole timeout.
    requestHandler: { httpsAgent: new Agent({ ca: certificate, keepAlive: true }), requestTimeout: 90_000 },
    maxAttempts: 1,
  };
  return {
    cloudFormation: new CloudFormationClient(options),
    events: new EventBridgeClient(options),
    kms: new KMSClient(options),
    lambda: new LambdaClient(options),
    logs: new CloudWatchLogsClient(options),
    s3: new S3Client({ ...options, forcePathStyle: true }),
    secrets: new SecretsManagerClient(options),
    ses: new SESv2Client(options),
    sns: new SNSClient(options),
    sqs: new SQSClient(options),
  };
}
