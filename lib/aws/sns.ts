import { HttpFailure } from '../platform/http.ts';
import { log } from '../platform/log.ts';
import { sendRetrying } from '../platform/retry.ts';
import { type AwsEnvironment, signed } from './sign-request.ts';

/**
 * Publishes to an SNS topic. It never fails a job: what people are told is in the log and in the metrics too.
 * https://docs.aws.amazon.com/sns/latest/api/API_Publish.html, query protocol
 */
export function snsNotify(
  aws: AwsEnvironment,
  topicArn: string,
): (subject: string, text: string) => Promise<void> {
  const endpoint = aws.endpoint('SNS') ?? `https://sns.${aws.region}.amazonaws.com`;
  return async (subject, text) => {
    const fields = {
      Action: 'Publish',
      Version: '2010-03-31',
      TopicArn: topicArn,
      Subject: subject.replace(/[^\x20-\x7e]/g, ' ').slice(0, 99),
      Message: text,
    };
    const request = {
      method: 'POST',
      url: new URL(`${endpoint}/`),
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams(fields).toString(),
    };
    try {
      const deadline = Date.now() + 10_000;
      const { response } = await sendRetrying(await signed(aws, 'sns', request), { deadline, attempts: 4 });
      if (response.status !== 200) log('error', 'not notified', { code: `HTTP ${response.status}` });
    } catch (error) {
      if (!(error instanceof HttpFailure)) throw error;
      log('error', 'not notified', { code: error.code });
    }
  };
}
