import { describe, expect, test } from 'vitest';
import { AFTERWARDS_SECONDS, HIDDEN_SECONDS } from '../../lib/containment/keep-hidden.ts';
import { arn, ofType, resource } from './resources.ts';

describe('the queue of leak reports', () => {
  test('hides a message a little longer than its function may take, and gives it up after eight attempts', () => {
    const { VisibilityTimeout, RedrivePolicy } = resource('LeakQueue').Properties;
    const timeout = resource('RevokeLambdaFunction').Properties.Timeout;

    // Lambda refuses a shorter one than the timeout; a report that a crash hides is a key that stays alive.
    expect(Number(VisibilityTimeout)).toBeGreaterThanOrEqual(timeout + 30);
    expect(Number(VisibilityTimeout)).toBeLessThanOrEqual(1.5 * timeout);
    expect(RedrivePolicy).toEqual({ deadLetterTargetArn: arn('LeakDeadLetterQueue'), maxReceiveCount: 8 });
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
