import { describe, expect, test } from 'vitest';
import {
  type Ended,
  isRedelivery,
  type Unsaved,
  unsavedOr,
  updateUnsaved,
} from '../../lib/audit/redelivery.ts';
import type { Outcome } from '../../lib/domain/outcome.ts';

const report_id = 'github/acme/webshop/1';
const key = { service_user_id: 'service-user-1', api_key_id: 'key-1' };
const proof = { method: 'token', probes: 1, at: Date.parse('2026-07-30T08:26:41.000Z') } as const;
const revoked: Outcome = { report_id, status: 'revoked', ...key, evidence: 'token_rejected', proof };
const dead: Outcome = { report_id, status: 'already_revoked', evidence: 'dead_on_arrival', proof };
const ended = (outcome: Outcome, intentStored = true): Ended => ({ outcome, intentStored });
const unsavedOf = (...all: Ended[]): Unsaved => new Map(all.map((one) => [one.outcome.report_id, one]));

describe('a delivery that finds the token dead', () => {
  test('records what an earlier delivery saw and could not store', () => {
    const earlier = ended(revoked, false);
    expect(unsavedOr(unsavedOf(earlier), ended(dead))).toEqual(earlier);
  });

  test('adds the alert that it closed', () => {
    const alert = { closed: true };
    expect(unsavedOr(unsavedOf(ended(revoked)), ended({ ...dead, alert }))).toEqual(
      ended({ ...revoked, alert }),
    );
  });

  test.each([
    ['without an earlier outcome', unsavedOf()],
    [
      'with the outcome of another report',
      unsavedOf(ended({ ...revoked, report_id: 'github/acme/webshop/2' })),
    ],
  ])('records what it saw itself %s', (_title, unsaved) => {
    expect(unsavedOr(unsaved, ended(dead))).toEqual(ended(dead));
  });
});

test('a delivery that saw more than a dead token records what it saw itself', () => {
  const failed: Outcome = { report_id, status: 'failed', reason: 'HTTP 503', retryable: true };
  expect(unsavedOr(unsavedOf(ended(revoked)), ended(failed))).toEqual(ended(failed));
});

describe('an outcome', () => {
  test('is kept while the store does not take it, and forgotten when it is stored', () => {
    const unsaved = unsavedOf();
    updateUnsaved(unsaved, ended(revoked), { result: 'failed', reason: 'HTTP 503' });
    expect([...unsaved]).toEqual([[report_id, ended(revoked)]]);
    updateUnsaved(unsaved, ended(revoked), { result: 'exists' });
    expect([...unsaved]).toEqual([]);
  });

  test('is not kept beyond a thousand others', () => {
    const unsaved = unsavedOf();
    for (let index = 0; index <= 1_000; index++) {
      const outcome = { ...revoked, report_id: `github/acme/webshop/${index}` };
      updateUnsaved(unsaved, ended(outcome), { result: 'failed', reason: 'HTTP 503' });
    }
    expect(unsaved.size).toBe(1_000);
  });
});

test.each([
  [1, [], false],
  [1, ['stored', 'failed'], false],
  [2, [], true],
  [1, ['stored', 'exists'], true],
] as const)('delivery %i, whose records were %j, follows another: %j', (attempt, results, expected) => {
  const written = results.map((result) => ({ name: '10-intent', path: 'p', body: '{}', result }));
  expect(isRedelivery(attempt, written)).toBe(expected);
});
