import { paginateListSubscriptionsByTopic, SNSClient } from '@aws-sdk/client-sns';
import type { AwsEnvironment } from './environment.ts';
import { abortAt, sdkErrorCode, sdkOptions } from './sdk-options.ts';

/** Who hears of a topic's messages. */
export type Subscribers =
  | {
      readonly ok: true;
      readonly confirmed: number;
      /** Subscriptions whose owner did not follow the link in the mail yet: they get nothing. */
      readonly pending: number;
    }
  | { readonly ok: false; readonly code: string };

/**
 * Counts a topic's subscriptions with the SDK's client and its paginator.
 * https://docs.aws.amazon.com/sns/latest/api/API_ListSubscriptionsByTopic.html
 *
 * @param deadline epoch milliseconds
 */
export async function countSubscribers(
  aws: AwsEnvironment,
  TopicArn: string,
  deadline: number,
): Promise<Subscribers> {
  const client = new SNSClient(sdkOptions(aws, 'SNS', { attempts: 4, timeoutMs: 5_000 }));
  try {
    const count = { confirmed: 0, pending: 0 };
    const pages = paginateListSubscriptionsByTopic({ client }, { TopicArn }, abortAt(deadline));
    for await (const { Subscriptions = [] } of pages) {
      for (const { SubscriptionArn } of Subscriptions) {
        count[SubscriptionArn === 'PendingConfirmation' ? 'pending' : 'confirmed'] += 1;
      }
    }
    return { ok: true, ...count };
  } catch (error) {
    return { ok: false, code: sdkErrorCode(error) };
  } finally {
    client.destroy();
  }
}
