import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { acknowledge, readAcknowledgement } from '../../../lib/audit/reconcile/acknowledge.ts';
import type { OpenReport } from '../../../lib/audit/reconcile/open-report.ts';
import { keepState, readState } from '../../../lib/audit/reconcile/state.ts';
import { captureOutput, type Output } from '../../support/load-handler.ts';
import { memoryBucket } from '../../support/memory-bucket.ts';

const NOW = Date.parse('2026-07-30T12:00:00Z');
let output: Output;
beforeEach(() => {
  output = captureOutput();
});
afterEach(() => output.restore());

describe('an event', () => {
  test.each([
    [undefined],
    [null],
    [{}],
    [{ 'detail-type': 'Scheduled Event', source: 'aws.events', detail: {} }],
  ])('%j is a run without an acknowledgement', (event) => {
    expect(readAcknowledgement(event)).toBeUndefined();
  });

  test('with a report and a reason is an acknowledgement', () => {
    const event = { acknowledge: 'console/known', reason: 'x'.repeat(500) };

    expect(readAcknowledgement(event)).toEqual(event);
  });

  test.each([
    ['of another rule', { 'detail-type': 'Object Created' }],
    ['without a reason', { acknowledge: 'console/known' }],
    ['with an empty reason', { acknowledge: 'console/known', reason: '' }],
    ['with a reason that is too long', { acknowledge: 'console/known', reason: 'x'.repeat(501) }],
    ['with more than that', { acknowledge: 'console/known', reason: 'why', dry_run: true }],
    ['of what is no report', { acknowledge: '../x', reason: 'why' }],
    ['that is a list', []],
  ])('%s is refused', (_, event) => {
    expect(() => readAcknowledgement(event)).toThrow(
      'bad event: must be {} or {"acknowledge": report id, "reason"}',
    );
  });
});

describe('an acknowledgement', () => {
  const open = (id: string): OpenReport => ({
    intent: `records/date=2026-07-29/console/${id}/10-intent.json`,
    queued: 0,
    next: 0,
  });
  const knowing = async (...reports: OpenReport[]) => {
    const bucket = memoryBucket();
    const parts = { ...bucket, now: NOW, deadline: NOW + 60_000 };
    await keepState({ version: 1, through: '', open: reports }, await readState(parts), parts);
    return { bucket, parts: { ...parts, context: { region: 'eu-central-1', requestId: 'r-1' } } };
  };

  test('is put on record in the folder of its report', async () => {
    const { bucket, parts } = await knowing(open('other'), open('known'));
    await acknowledge({ acknowledge: 'console/known', reason: 'see the ticket' }, 'alice', parts);

    const path = 'records/date=2026-07-29/console/known/95-acknowledged.json';
    const stored = await bucket.store.get(path, parts);
    expect(JSON.parse((stored.ok && stored.text) || '{}')).toMatchObject({
      time: NOW,
      actor: { user: { name: 'alice' } },
      unmapped: {
        kind: 'act',
        act: 'acknowledge',
        subject: 'console/known',
        reason: 'see the ticket',
      },
    });
  });

  test.each([
    ['is not open', [open('other')]],
    ['merely ends like one that is open', [open('console/known/not')]],
    [
      'is open at no date',
      [{ ...open('known'), intent: 'elsewhere/records/date=2026-07-29/console/known/10-intent.json' }],
    ],
  ])('of a report that %s is refused, and nothing is on record', async (_, reports) => {
    const { parts } = await knowing(...reports);

    await expect(
      acknowledge({ acknowledge: 'console/known', reason: 'why' }, undefined, parts),
    ).rejects.toMatchObject({
      name: 'BadEventError',
      message: 'bad event: no report of this id is open',
    });
    expect(output.entries()).toEqual([]);
  });
});
