import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { settleTrigger } from '../../lib/containment/settle-trigger.ts';
import type { Outcome } from '../../lib/domain/outcome.ts';
import type { Trigger } from '../../lib/intake/event.ts';
import { sqsRecord } from '../../sandbox/sqs-event.ts';
import { captureOutput, type Output } from '../support/load-handler.ts';
import { report } from '../support/samples.ts';

const { report_id } = report;
const gone: Outcome = { status: 'not_found', report_id, reason: 'gone', recorded: true };
const failed: Outcome = { status: 'failed', report_id, reason: 'HTTP 503', retryable: true, recorded: true };
const revoked: Outcome = {
  status: 'revoked',
  report_id,
  evidence: 'token_rejected',
  proof: { method: 'token', probes: 3, at: 0 },
};
const already: Outcome = { ...revoked, status: 'already_revoked', evidence: 'token_rejected', reason: 'why' };

let output: Output;
beforeEach(() => {
  output = captureOutput();
});
afterEach(() => output.restore());

const settle = (trigger: Trigger, outcome: Outcome) =>
  settleTrigger(
    trigger,
    async (given, attempt) => {
      expect(given).toBe(report);
      expect(attempt).toBe(trigger.kind === 'sqs' ? 3 : 1);
      return outcome;
    },
    async () => {},
    async () => report,
  );

describe('a trigger is answered as it expects:', () => {
  test('a direct invoke by the outcome, whatever that is', async () => {
    expect(await settle({ kind: 'direct', report }, gone)).toBe(gone);
    expect(await settle({ kind: 'direct', report }, failed)).toBe(failed);
  });

  test('an event by an error when its report is to be tried again', async () => {
    expect(await settle({ kind: 'eventbridge', report }, gone)).toBe(gone);
    await expect(settle({ kind: 'eventbridge', report }, failed)).rejects.toMatchObject({
      name: 'NotDoneError',
      message: `report ${report_id} is not done: failed`,
    });
    await expect(settle({ kind: 'eventbridge', report }, { ...gone, recorded: false })).rejects.toThrow(
      'is not done: not_found',
    );
  });

  test('a batch by the messages that come back', async () => {
    const records = [sqsRecord({}, { messageId: 'one', receiveCount: 3 })];

    expect(await settle({ kind: 'sqs', records }, gone)).toEqual({ batchItemFailures: [] });
    expect(await settle({ kind: 'sqs', records }, failed)).toEqual({
      batchItemFailures: [{ itemIdentifier: 'one' }],
    });
  });
});

describe('the end of a report', () => {
  const reason = { reason: 'gone' };
  test.each<[string, Outcome, object, number[]]>([
    [
      'that is done',
      gone,
      { level: 'info', status: 'not_found', recorded: true, attempt: 3, ...reason },
      [3],
    ],
    ['that is not done', failed, { level: 'error', status: 'failed', attempt: 3, reason: 'HTTP 503' }, []],
    ['that is not on record', { ...gone, recorded: false }, { level: 'error', recorded: false }, []],
    ['without a reason', revoked, { level: 'info', status: 'revoked' }, [3]],
    ['whose reason explains a success', already, { level: 'info', status: 'already_revoked' }, [3]],
  ])('%s is logged, and its attempts are measured once', async (_, outcome, line, attempts) => {
    await settle({ kind: 'sqs', records: [sqsRecord({}, { receiveCount: 3 })] }, outcome);

    const ended = output.entries().filter(({ message }) => message === 'report ended');
    expect(ended).toEqual([expect.objectContaining({ report_id, ...line })]);
    expect(ended[0]?.reason).toBe(
      'reason' in line ? line.reason : outcome.recorded === false ? 'gone' : undefined,
    );
    expect(output.entries().flatMap(({ Attempts }) => Attempts ?? [])).toEqual(attempts);
  });
});
