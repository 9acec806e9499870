import { describe, expect, test } from 'vitest';
import { combineLeaks } from '../../lib/containment/combine-leaks.ts';
import type { OutcomeDraft } from '../../lib/domain/outcome.ts';

const key = { service_user_id: 'service-user-a', api_key_id: 'key-a' };
const proof = { method: 'token', probes: 3, at: 0 } as const;
const drafts = {
  still_alive: { status: 'still_alive', ...key, reason: 'it works', retryable: true },
  failed: { status: 'failed', reason: 'HTTP 503', retryable: true, retry_at: 7 },
  failed_for_good: { status: 'failed', reason: 'HTTP 403', retryable: false },
  escalated: { status: 'escalated', reason: 'two keys', next_step: 'decide' },
  not_found: { status: 'not_found', ...key, reason: 'gone' },
  revoked: { status: 'revoked', ...key, evidence: 'token_rejected', proof },
  already_revoked: { status: 'already_revoked', evidence: 'dead_on_arrival', proof },
  rehearsed: { status: 'rehearsed', reason: 'dry run', would_end: 'revoked', would_do: ['revoke'] },
  ignored: { status: 'ignored', reason: 'no key of Devin' },
} as const satisfies Record<string, OutcomeDraft>;
/** The worst first. */
const worstFirst = Object.values(drafts) satisfies OutcomeDraft[];

describe('a report with several leaks', () => {
  test('ends as the one that is worst off, in whatever order they are', () => {
    for (const [at, worse] of worstFirst.entries()) {
      for (const better of worstFirst.slice(at)) {
        expect(combineLeaks([worse, better])).toMatchObject(worse);
        expect(combineLeaks([better, worse])).toMatchObject(worse);
      }
    }
  });

  test('ends as the first of those that are as badly off', () => {
    const other = { ...drafts.not_found, api_key_id: 'key-b' };

    expect(combineLeaks([drafts.not_found, other])).toMatchObject({ api_key_id: 'key-a' });
  });

  test('names each of them, without what is of the whole report alone', () => {
    const { retry_at: _at, ...failed } = drafts.failed;
    const { would_do: _do, would_end: _end, ...rehearsed } = drafts.rehearsed;
    const deletion = { ...key, sent_at: 1, answer: 'revoked' } as const;
    const revoked = { ...drafts.revoked, alert: { closed: true }, deletions: [deletion], leaks: [] };

    expect(combineLeaks([revoked, drafts.failed, drafts.rehearsed, drafts.ignored]).leaks).toStrictEqual([
      drafts.revoked,
      failed,
      rehearsed,
      drafts.ignored,
    ]);
  });

  test('is of our own key when one of them is, and counts the collateral of all', () => {
    const lost = (id: string) => ({ api_key_id: id, api_key_name: id, replace_with: 'POST …' });
    const own = { ...drafts.revoked, own_key: true as const, collateral: [lost('key-b')] };
    const other = { ...drafts.still_alive, collateral: [lost('key-c')] };

    expect(combineLeaks([own, drafts.ignored, other])).toMatchObject({
      status: 'still_alive',
      own_key: true,
      collateral: [lost('key-b'), lost('key-c')],
    });
    const plain = combineLeaks([drafts.revoked, drafts.ignored]);
    expect(plain).not.toHaveProperty('own_key');
    expect(plain).not.toHaveProperty('collateral');
  });
});
