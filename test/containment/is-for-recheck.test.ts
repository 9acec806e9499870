import { describe, expect, test } from 'vitest';
import { isForRecheck } from '../../lib/containment/is-for-recheck.ts';
import type { OutcomeDraft } from '../../lib/domain/outcome.ts';
import type { Report } from '../../lib/domain/report.ts';
import { report } from '../support/samples.ts';

const proof = { method: 'token', probes: 3, at: 0 } as const;
const dead: OutcomeDraft = { status: 'already_revoked', evidence: 'dead_on_arrival', proof };

describe('a second look', () => {
  const unknown: OutcomeDraft = { ...dead, owner: 'unknown', alert: { closed: true } };
  const several: OutcomeDraft = {
    ...unknown,
    owner: undefined,
    leaks: [{ ...dead }, { ...dead, owner: 'unknown' }],
  };

  test.each<[string, OutcomeDraft, Partial<Report>, boolean]>([
    ['is due when an alert was closed on the word of a 401 alone', unknown, {}, true],
    ['is due when one of several tokens was of nobody', several, {}, true],
    ['is not due when the owner is known', { ...unknown, owner: undefined }, {}, false],
    ['is not due when the alert stayed open', { ...unknown, alert: { closed: false } }, {}, false],
    ['is not due when the alert was not touched', { ...unknown, alert: undefined }, {}, false],
    ['is not due without an alert', unknown, { leak: { kind: 'token' } }, false],
    ['is not due a third time', unknown, { recheck: true }, false],
  ])('%s', (_, draft, given, expected) => {
    expect(isForRecheck(draft, { ...report, ...given })).toBe(expected);
  });
});
