import { describe, expect, test } from 'vitest';
import { isDone, isFinal, type Outcome, type OutcomeDraft } from '../../lib/domain/outcome.ts';

const report_id = 'console/1';
const proof = { method: 'token', probes: 3, at: 1 } as const;
const reason = 'why';

describe('an outcome', () => {
  test.each<[OutcomeDraft, boolean]>([
    [{ status: 'revoked', evidence: 'token_rejected', proof }, true],
    [{ status: 'already_revoked', evidence: 'dead_on_arrival', proof }, true],
    [{ status: 'not_found', reason }, true],
    [{ status: 'still_alive', reason, retryable: true }, false],
    [{ status: 'escalated', reason, next_step: 'decide' }, true],
    [{ status: 'rehearsed', reason, would_end: 'revoked', would_do: [] }, true],
    [{ status: 'ignored', reason }, true],
    [{ status: 'failed', reason, retryable: true }, false],
    [{ status: 'failed', reason, retryable: false }, true],
  ])('%j is final, and done once it is on record: %s', (draft, expected) => {
    const outcome: Outcome = { ...draft, report_id };

    expect(isFinal(draft)).toBe(expected);
    expect(isDone(outcome)).toBe(expected);
    expect(isDone({ ...outcome, recorded: true })).toBe(expected);
    expect(isDone({ ...outcome, recorded: false })).toBe(false);
    expect(isDone({ ...outcome, forwarded: false })).toBe(false);
  });
});
