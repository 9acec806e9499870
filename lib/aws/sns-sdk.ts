import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { type ChatOptions, chatNotification } from './chat-notification.ts';
import type { AwsEnvironment } from './environment.ts';
import { abortAt, sdkOptions } from './sdk-options.ts';

export interface TopicMessage extends ChatOptions {
  readonly topicArn: string;
  readonly subject: string;
  readonly text: string;
}

/**
 * Publishes a message with the SDK's client: the text to mail and everybody else, and to HTTPS, which is how a chat
 * subscribes, in the form that a chat shows. @param deadline epoch milliseconds @throws the client's own errors
 * https://docs.aws.amazon.com/sns/latest/dg/sns-send-custom-platform-specific-payloads-mobile-devices.html
 */
export async function publishWithClient(
  aws: AwsEnvironment,
  { subject, text, topicArn, ...chat }: TopicMessage,
  deadline: number,
): Promise<void> {
  const client = new SNSClient(sdkOptions(aws, 'SNS', { attempts: 4, timeoutMs: 5_000 }));
  const message = {
    TopicArn: topicArn,
    Subject: subject.replace(/[^\x20-\x7e]/g, ' ').slice(0, 99),
    MessageStructure: 'json',
    Message: JSON.stringify({ default: text, https: chatNotification(subject, text, chat) }),
  };
  try {
    await client.send(new PublishCommand(message), abortAt(deadline));
  } finally {
    client.destroy();
  }
}
