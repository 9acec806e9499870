import type { AwsEnvironment } from '../../lib/aws/environment.ts';
import { countSubscribers, type Subscribers } from '../../lib/aws/list-subscriptions-sdk.ts';
import { type Finding, limited, missing, ok, unknown } from './finding.ts';

const CHECK = 'alarms';

/** Whether an alarm reaches anybody. @param deadline epoch milliseconds */
export async function checkAlarms(aws: AwsEnvironment, topicArn: string, deadline: number): Promise<Finding> {
  return judgeSubscribers(await countSubscribers(aws, topicArn, deadline));
}

export function judgeSubscribers(subscribers: Subscribers): Finding {
  if (!subscribers.ok) {
    const mend = 'your AWS credentials need sns:ListSubscriptionsByTopic';
    return unknown(CHECK, `the subscriptions of their topic cannot be listed (${subscribers.code})`, mend);
  }
  const { confirmed, pending } = subscribers;
  const waiting = pending === 0 ? '' : `; ${pending} not confirmed`;
  if (confirmed > 0)
    return ok(CHECK, `reach ${confirmed} subscription${confirmed === 1 ? '' : 's'}${waiting}`);
  if (pending > 0)
    return missing(
      CHECK,
      `they reach nobody${waiting}`,
      'follow the link in the mail from AWS Notifications',
    );
  const mend = 'deploy with alarmEmail, or subscribe to the topic of the output AlarmTopicArn';
  return limited(CHECK, 'they reach nobody: their topic has no subscription', mend);
}
