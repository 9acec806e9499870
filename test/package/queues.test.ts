import { describe, expect, test } from 'vitest';
import { AFTERWARDS_SECONDS, HIDDEN_SECONDS } from '../../lib/containment/keep-hidden.ts';
import { arn, list, ofType, resource } from './resources.ts';

describe('the queue of leak reports', () => {
  test('hides a message a little longer than its function may take, and gives it up after eight attempts', () => {
    const timeout = resource('RevokeLambdaFunction').Properties.Timeout;

    for (const id of ['LeakQueue', 'BacklogQueue']) {
      const { VisibilityTimeout, RedrivePolicy } = resource(id).Properties;
      // Lambda refuses a shorter one than the timeout; a report that a crash hides is a key that stays alive.
      expect(Number(VisibilityTimeout)).toBeGreaterThanOrEqual(timeout + 30);
      expect(Number(VisibilityTimeout)).toBeLessThanOrEqual(1.5 * timeout);
      expect(RedrivePolicy).toEqual({ deadLetterTargetArn: arn('LeakDeadLetterQueue'), maxReceiveCount: 8 });
    }
  });

  test('hides a message again for as long, once a search is over, and not as long while it runs', () => {
    const { VisibilityTimeout } = resource('LeakQueue').Properties;

    expect(AFTERWARDS_SECONDS).toBe(Number(VisibilityTimeout));
    expect(HIDDEN_SECONDS).toBeLessThanOrEqual(VisibilityTimeout / 4);
  });

  test('leaves its function the time to wait for a key that ended, to search and to prove', () => {
    const { Environment, Timeout } = resource('RevokeLambdaFunction').Properties;
    const { PROOF_WINDOW_SECONDS, SEARCH_SECONDS } = Environment.Variables;

    expect(Number(Timeout)).toBeGreaterThanOrEqual(
      Number(SEARCH_SECONDS) + 2 * Number(PROOF_WINDOW_SECONDS) + 30,
    );
  });

  test.each(['LeakQueue', 'BacklogQueue', 'LeakDeadLetterQueue'])(
    'is encrypted and keeps its messages for 14 days: %s',
    (id) => {
      expect(resource(id).Properties).toMatchObject({
        MessageRetentionPeriod: 1_209_600,
        SqsManagedSseEnabled: true,
      });
    },
  );

  test('invokes the function in batches whose items fail one by one', () => {
    const mappings = ofType('AWS::Lambda::EventSourceMapping').map(([, { Properties }]) => Properties);
    const worker = (id: string, MaximumConcurrency: number) => ({
      EventSourceArn: arn(id),
      FunctionName: arn('RevokeLambdaFunction'),
      BatchSize: 10,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      ScalingConfig: { MaximumConcurrency },
    });

    // A leak never waits for what is in the backlog: each has a concurrency of its own.
    expect(mappings).toMatchObject([
      worker('LeakQueue', 10),
      worker('BacklogQueue', 2),
      { EventSourceArn: arn('SweepQueue') },
    ]);
  });
});

describe('the topic of leak reports', () => {
  const condition = 'HasLeakTopic';

  test('is subscribed to by the queue of leak reports where there is one', () => {
    expect(resource('LeakTopicSubscription')).toMatchObject({
      Condition: condition,
      Properties: {
        TopicArn: { Ref: 'LeakTopicArn' },
        Protocol: 'sqs',
        Endpoint: arn('LeakQueue'),
      },
    });
  });

  test('alone may send to the queue by its policy', () => {
    const { PolicyDocument } = resource('LeakQueuePolicy').Properties;
    const allowed = list(PolicyDocument.Statement).filter(({ Effect }) => Effect !== 'Deny');
    expect(allowed).toEqual([
      {
        'Fn::If': [
          condition,
          {
            Sid: 'TakeFromTopic',
            Effect: 'Allow',
            Principal: { Service: 'sns.amazonaws.com' },
            Action: 'sqs:SendMessage',
            Resource: arn('LeakQueue'),
            Condition: { ArnEquals: { 'aws:SourceArn': { Ref: 'LeakTopicArn' } } },
          },
          { Ref: 'AWS::NoValue' },
        ],
      },
    ]);
  });
});
