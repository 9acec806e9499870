import { randomUUID } from 'node:crypto';
import { queryAnswer, queryError, queryInput } from './aws-query.ts';
import { type AwsCredentials, signatureProblem } from './aws-signature.ts';
import { startServer } from './http-server.ts';
import { escapeXml } from './s3-xml.ts';

export type Subscription = { protocol: string; endpoint: string; isConfirmed: boolean };

const NAMESPACE = 'http://sns.amazonaws.com/doc/2010-03-31/';
const PAGE = 100;

/** A stand-in for AWS SNS with one topic, query protocol: ListSubscriptionsByTopic. */
export async function startSns(options: { credentials?: AwsCredentials | undefined } = {}) {
  const topicArn = 'arn:aws:sns:us-east-1:123456789012:devin-key-revoker-alarms';
  const subscriptions: Subscription[] = [];
  const server = await startServer({
    describe: (request) => ({ operation: queryInput(request).get('Action') ?? 'unknown' }),
    refuse: (status) =>
      queryError(NAMESPACE, status, status < 500 ? 'AuthorizationError' : 'InternalError', 'Refused'),
    handle: (request) => {
      const problem = signatureProblem(request, 'sns', options.credentials);
      if (problem !== undefined) return queryError(NAMESPACE, 403, 'SignatureDoesNotMatch', problem);
      const input = queryInput(request);
      const action = input.get('Action');
      if (action !== 'ListSubscriptionsByTopic')
        return queryError(NAMESPACE, 400, 'InvalidAction', 'Could not find operation');
      if (input.get('TopicArn') !== topicArn)
        return queryError(NAMESPACE, 404, 'NotFound', 'Topic does not exist');
      return queryAnswer(
        NAMESPACE,
        action,
        list(topicArn, subscriptions, Number(input.get('NextToken') ?? 0)),
      );
    },
  });
  return Object.assign(server, {
    topicArn,
    subscriptions,
    subscribe: (subscription: Subscription): void => void subscriptions.push(subscription),
  });
}

/** https://docs.aws.amazon.com/sns/latest/api/API_ListSubscriptionsByTopic.html */
function list(topicArn: string, subscriptions: readonly Subscription[], start: number): string {
  const end = start + PAGE;
  const members = subscriptions.slice(start, end).map(({ endpoint, isConfirmed, protocol }) => {
    const arn = isConfirmed ? `${topicArn}:${randomUUID()}` : 'PendingConfirmation';
    return (
      `<member><SubscriptionArn>${arn}</SubscriptionArn><Owner>123456789012</Owner>` +
      `<Protocol>${protocol}</Protocol><Endpoint>${escapeXml(endpoint)}</Endpoint><TopicArn>${topicArn}</TopicArn></member>`
    );
  });
  const next = end < subscriptions.length ? `<NextToken>${end}</NextToken>` : '';
  return `<Subscriptions>${members.join('')}</Subscriptions>${next}`;
}
