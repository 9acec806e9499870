import { describe, expect, test } from 'vitest';
import { arn, ofType, resource } from './resources.ts';

describe('the queue of leak reports', () => {
  test('hides a message six times as long as the timeout of its function, and gives it up after eight attempts', () => {
    const { VisibilityTimeout, RedrivePolicy } = resource('LeakQueue').Properties;

    expect(Number(VisibilityTimeout)).toBe(6 * resource('RevokeLambdaFunction').Properties.Timeout);
    expect(RedrivePolicy).toEqual({ deadLetterTargetArn: arn('LeakDeadLetterQueue'), maxReceiveCount: 8 });
  });

  test.each(['LeakQueue', 'LeakDeadLetterQueue'])(
    'is encrypted and keeps its messages for 14 days: %s',
    (id) => {
      expect(resource(id).Properties).toMatchObject({
        MessageRetentionPeriod: 1_209_600,
        SqsManagedSseEnabled: true,
      });
    },
  );

  test('invokes the function in batches whose items fail one by one', () => {
    const [[, mapping] = expect.fail('no event source mapping'), ...more] = ofType(
      'AWS::Lambda::EventSourceMapping',
    );

    expect(more.map(([, { Properties }]) => Properties.EventSourceArn)).toEqual([arn('SweepQueue')]);
    expect(mapping.Properties).toMatchObject({
      EventSourceArn: arn('LeakQueue'),
      FunctionName: arn('RevokeLambdaFunction'),
      BatchSize: 10,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      ScalingConfig: { MaximumConcurrency: 10 },
    });
  });
});
