import { log } from '../platform/log.ts';
import { count } from '../platform/metrics.ts';
import type { ChatOptions } from './chat-notification.ts';
import type { AwsEnvironment } from './environment.ts';
import { sdkErrorCode } from './sdk-options.ts';

/** Milliseconds that a notification may take. */
const WITHIN_MS = 10_000;

/** Notifies people; it never rejects. @returns whether the message was accepted */
export type Notify = (subject: string, text: string, options?: ChatOptions) => Promise<boolean>;

/**
 * Publishes to an SNS topic. It never fails a job: what was not accepted is logged, and counted as `NotificationFailed`.
 * https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
 */
export function snsNotify(aws: AwsEnvironment, topicArn: string): Notify {
  return async (subject, text, options = {}) => {
    try {
      const { publishWithClient } = await import('./sns-sdk.ts');
      await publishWithClient(aws, { ...options, topicArn, subject, text }, Date.now() + WITHIN_MS);
      return true;
    } catch (error) {
      count('NotificationFailed', {});
      log('error', 'not notified', { code: sdkErrorCode(error) });
      return false;
    }
  };
}
