import { describe, expect, test } from 'vitest';
import { completeOutcome } from '../../lib/containment/complete-outcome.ts';
import type { OutcomeDraft } from '../../lib/domain/outcome.ts';
import type { Report } from '../../lib/domain/report.ts';
import type { LeakAlert } from '../../lib/identify/read-leak.ts';
import { report } from '../support/samples.ts';

const proof = { method: 'token', probes: 3, at: 0 } as const;
const dead: OutcomeDraft = { status: 'already_revoked', evidence: 'dead_on_arrival', proof };
const failed: OutcomeDraft = { status: 'failed', reason: 'HTTP 403', retryable: false };
const alert: LeakAlert = { ref: { owner: 'acme', repo: 'webshop', number: 42 }, open: true };
const moved = { ...alert, moved_to: 'new/shop' };
const key = { service_user_id: 'service-user-a', api_key_id: 'key-a' };
const remedy = (event: string) => ({
  next_step: `remove the cause, then invoke the revoke function with ${event}`,
});

describe('an outcome', () => {
  test.each<[string, OutcomeDraft, Report['leak'], LeakAlert | undefined, OutcomeDraft]>([
    ['without an alert is as it is', dead, report.leak, undefined, dead],
    ['of an alert that did not move is as it is', dead, report.leak, alert, dead],
    [
      'names the repository that the alert moved to',
      dead,
      report.leak,
      moved,
      { ...dead, alert: { closed: false, moved_to: 'new/shop' } },
    ],
    [
      'that closed the alert still says so',
      { ...dead, alert: { closed: true } },
      report.leak,
      moved,
      { ...dead, alert: { closed: true, moved_to: 'new/shop' } },
    ],
    [
      'that no retry can mend says how to start the alert again',
      failed,
      report.leak,
      alert,
      { ...failed, ...remedy('{"github_alert":{"owner":"acme","repo":"webshop","number":42}}') },
    ],
    [
      'that no retry can mend says how to start the key again',
      failed,
      { kind: 'key', ...key },
      undefined,
      { ...failed, ...remedy(JSON.stringify(key)) },
    ],
    [
      'that no retry can mend names no token',
      failed,
      { kind: 'token' },
      undefined,
      { ...failed, ...remedy('the token') },
    ],
    [
      'that names a next step of its own keeps it',
      { ...failed, next_step: 'call us' },
      report.leak,
      undefined,
      { ...failed, next_step: 'call us' },
    ],
    [
      'that is tried again needs nobody',
      { ...failed, retryable: true },
      report.leak,
      undefined,
      { ...failed, retryable: true },
    ],
  ])('%s', (_, draft, leak, given, expected) => {
    expect(completeOutcome(draft, { ...report, leak }, given)).toStrictEqual(expected);
  });
});
