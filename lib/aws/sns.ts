import { log } from '../platform/log.ts';
import type { AwsEnvironment } from './environment.ts';
import { sdkErrorCode } from './sdk-options.ts';

/** Milliseconds that a notification may take. */
const WITHIN_MS = 10_000;

/**
 * Publishes to an SNS topic. It never fails a job. @returns whether SNS took it
 * https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
 */
export function snsNotify(
  aws: AwsEnvironment,
  topicArn: string,
): (subject: string, text: string) => Promise<boolean> {
  return async (subject, text) => {
    const message = {
      TopicArn: topicArn,
      Subject: subject.replace(/[^\x20-\x7e]/g, ' ').slice(0, 99),
      Message: text,
    };
    try {
      const { publishWithClient } = await import('./sns-sdk.ts');
      await publishWithClient(aws, message, Date.now() + WITHIN_MS);
      return true;
    } catch (error) {
      log('error', 'not notified', { code: sdkErrorCode(error) });
      return false;
    }
  };
}
