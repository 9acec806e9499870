import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import type { AwsEnvironment } from './environment.ts';
import { abortAt, sdkOptions } from './sdk-options.ts';

/** Publishes a message with the SDK's client. @param deadline epoch milliseconds @throws the client's own errors */
export async function publishWithClient(
  aws: AwsEnvironment,
  message: { readonly TopicArn: string; readonly Subject: string; readonly Message: string },
  deadline: number,
): Promise<void> {
  const client = new SNSClient(sdkOptions(aws, 'SNS', { attempts: 4, timeoutMs: 5_000 }));
  try {
    await client.send(new PublishCommand(message), abortAt(deadline));
  } finally {
    client.destroy();
  }
}
