import { describe, expect, test } from 'vitest';
import { arn, ofType, resource } from './resources.ts';

describe('the queue of leak reports', () => {
  test('hides a message six times as long as the timeout of its function, and gives it up after eight attempts', () => {
    for (const id of ['LeakQueue', 'BacklogQueue']) {
      const { VisibilityTimeout, RedrivePolicy } = resource(id).Properties;

      expect(Number(VisibilityTimeout)).toBe(6 * resource('RevokeLambdaFunction').Properties.Timeout);
      expect(RedrivePolicy).toEqual({ deadLetterTargetArn: arn('LeakDeadLetterQueue'), maxReceiveCount: 8 });
    }
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
