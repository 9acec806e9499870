import { afterEach, beforeEach, expect, test } from 'vitest';
import { count, measure } from '../../lib/platform/metrics.ts';
import { captureOutput, type Output } from '../support/load-handler.ts';

let output: Output;

beforeEach(() => {
  output = captureOutput();
});
afterEach(() => output.restore());

test('a count is a line in the embedded metric format, with its dimensions', () => {
  count('Outcome', { status: 'revoked' });
  count('SweepRevocations', { job: 'sweep-keys' }, 7);

  expect(output.entries()).toEqual([
    {
      _aws: {
        Timestamp: expect.any(Number),
        CloudWatchMetrics: [
          {
            Namespace: 'DevinKeyRevoker',
            Dimensions: [['status']],
            Metrics: [{ Name: 'Outcome', Unit: 'Count' }],
          },
        ],
      },
      status: 'revoked',
      Outcome: 1,
    },
    expect.objectContaining({ job: 'sweep-keys', SweepRevocations: 7 }),
  ]);
});

test('a measure has its unit and no dimension, so that all its values are one distribution', () => {
  measure('SecondsToRevoke', 'Seconds', 1.4);

  expect(output.entries()).toMatchObject([
    {
      _aws: {
        CloudWatchMetrics: [{ Dimensions: [[]], Metrics: [{ Name: 'SecondsToRevoke', Unit: 'Seconds' }] }],
      },
      SecondsToRevoke: 1.4,
    },
  ]);
});
