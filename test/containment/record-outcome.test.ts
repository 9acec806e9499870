import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Settlement } from '../../lib/audit/trail.ts';
import { recordOutcome } from '../../lib/containment/record-outcome.ts';
import type { Outcome } from '../../lib/domain/outcome.ts';
import { captureOutput, type Output } from '../support/load-handler.ts';

const report_id = 'github/acme/webshop/42/created/20260730T082640000Z';
const failed: Outcome = { status: 'failed', report_id, reason: 'HTTP 503', retryable: true };
const gone: Outcome = { status: 'not_found', report_id, reason: 'gone' };
const exposure = { seen_at: '2026-07-30T08:26:40.000Z', seconds_to_revoke: 1.4 };
const revoked: Outcome = {
  status: 'revoked',
  report_id,
  evidence: 'token_rejected',
  proof: { method: 'token', probes: 3, at: 0 },
  exposure,
};

let output: Output;
beforeEach(() => {
  output = captureOutput();
});
afterEach(() => output.restore());

/** What is counted comes after the request. */
const counted = async () => {
  await new Promise((resolve) => setImmediate(resolve));
  return output.entries().flatMap((entry) => ('_aws' in entry ? [entry] : []));
};
const stored = (more: Partial<Settlement> = {}) =>
  ({ result: 'stored', told: failed, ...more }) as Settlement;

describe('an outcome', () => {
  test.each<[string, Settlement, Outcome | undefined, Outcome]>([
    ['that is stored is on record', stored(), undefined, { ...failed, recorded: true }],
    [
      'that an earlier delivery could not store is answered instead',
      stored({ told: gone }),
      undefined,
      { ...gone, recorded: true },
    ],
    [
      'of a report that has one is the first',
      stored({ result: 'exists' }),
      gone,
      { ...gone, recorded: true },
    ],
    [
      'of a report whose first one is not readable is its own',
      stored({ result: 'exists' }),
      undefined,
      { ...failed, recorded: true },
    ],
    [
      'that the store does not take is not on record',
      { result: 'failed', reason: 'HTTP 503', told: failed },
      undefined,
      { ...failed, recorded: false },
    ],
    [
      'that the SIEM does not take says so',
      stored({ forwarded: false }),
      undefined,
      { ...failed, recorded: true, forwarded: false },
    ],
  ])('%s', async (_, settlement, first, expected) => {
    const settled: Outcome[] = [];
    let reads = 0;
    const trail = {
      settle: async (outcome: Outcome) => {
        settled.push(outcome);
        return settlement;
      },
      earlier: async () => {
        reads += 1;
        return first === undefined ? Promise.reject(new Error('not readable')) : { outcome: first };
      },
    };

    expect(await recordOutcome(failed, trail)).toStrictEqual(expected);
    expect(settled).toEqual([failed]);
    expect(reads).toBe(settlement.result === 'exists' ? 1 : 0);
    expect(await counted()).toMatchObject([{ Outcome: 1, status: 'failed' }]);
  });

  test('that is ignored is logged and counted, and not recorded', async () => {
    const ignored: Outcome = { status: 'ignored', report_id, reason: 'no key of Devin' };
    const refuse = () => expect.fail('nothing is to be recorded');

    expect(await recordOutcome(ignored, { settle: refuse, earlier: refuse })).toBe(ignored);
    expect(await counted()).toMatchObject([{ Outcome: 1, status: 'ignored' }]);
    expect(output.entries()).toContainEqual(
      expect.objectContaining({ message: 'ignored', report_id, reason: 'no key of Devin' }),
    );
  });
});

describe('the time to the proof', () => {
  const { exposure: _exposure, ...unknown } = revoked;
  const already: Outcome = { ...revoked, status: 'already_revoked', evidence: 'token_rejected' };

  test.each<[string, Outcome, boolean | undefined, Settlement['result'], number[]]>([
    ['is measured of a new leak', revoked, true, 'stored', [1.4]],
    ['is not measured of what waits on purpose', revoked, false, 'stored', []],
    ['is not measured unless it is asked for', revoked, undefined, 'stored', []],
    ['is not measured twice', revoked, true, 'exists', []],
    ['is not measured of a revocation by somebody else', already, true, 'stored', []],
    ['is not measured where it is not known', unknown, true, 'stored', []],
  ])('%s', async (_, outcome, isUrgent, result, expected) => {
    const trail = {
      settle: async () => ({ result, told: outcome }) as Settlement,
      earlier: async () => ({ outcome }),
    };
    await recordOutcome(outcome, trail, isUrgent);

    expect((await counted()).flatMap(({ SecondsToRevoke }) => SecondsToRevoke ?? [])).toEqual(expected);
    expect(output.text().includes('SecondsToRevoke')).toBe(expected.length > 0);
  });
});
