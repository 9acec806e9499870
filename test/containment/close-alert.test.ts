import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { GitHub } from '../../lib/clients/github.ts';
import { alertComment, closeAlert } from '../../lib/containment/close-alert.ts';
import type { OutcomeDraft } from '../../lib/domain/outcome.ts';
import type { LeakAlert } from '../../lib/identify/read-leak.ts';
import { captureOutput, type Output } from '../support/load-handler.ts';
import { outcomes } from '../support/samples.ts';

const at = Date.parse('2026-07-30T08:26:42.300Z');
const key = { service_user_id: 'service-user-a', api_key_id: 'key-a' };
const proof = { method: 'token', probes: 3, at } as const;
const revoked = { status: 'revoked', ...key, evidence: 'token_rejected', proof } as const;
const already = { ...revoked, status: 'already_revoked' } as const;
const alert = (open: boolean): LeakAlert => ({ ref: { owner: 'acme', repo: 'webshop', number: 42 }, open });
const report_id = 'github/acme/webshop/42/created/20260730T082640000Z';
const retry = { deadline: 7 };

let output: Output;
beforeEach(() => {
  output = captureOutput();
});
afterEach(() => output.restore());

/** GitHub, which may be asked to resolve the alert when there is an answer. */
const github = (answer?: Awaited<ReturnType<GitHub['resolveAlert']>>): GitHub => ({
  getAlert: () => expect.fail('the alert is not to be read'),
  reopenAlert: () => expect.fail('the alert is not to be opened'),
  resolveAlert: async (...asked) => {
    expect(asked).toEqual([alert(true).ref, alertComment(revoked), retry]);
    return answer ?? expect.fail('the alert is not to be resolved');
  },
});

describe('the alert', () => {
  const close = (draft: OutcomeDraft, given: LeakAlert | undefined, client?: GitHub) =>
    closeAlert(draft, { alert: given, report_id }, client, retry);

  test('of a key that is proven dead is resolved', async () => {
    expect(await close(revoked, alert(true), github({ ok: true }))).toStrictEqual({
      ...revoked,
      alert: { closed: true },
    });
    expect(output.entries()).toMatchObject([{ message: 'alert closed', report_id, closed: true }]);
  });

  test('that moved is resolved where it is now', async () => {
    const movedTo = { owner: 'new', repo: 'shop' };

    expect(await close(revoked, alert(true), github({ ok: true, movedTo }))).toStrictEqual({
      ...revoked,
      alert: { closed: true, moved_to: 'new/shop' },
    });
  });

  test('that GitHub does not resolve stays open, which harms no outcome', async () => {
    const refusal = { ok: false, reason: 'HTTP 403', retryable: false } as const;

    expect(await close(revoked, alert(true), github(refusal))).toStrictEqual({
      ...revoked,
      alert: { closed: false, reason: 'HTTP 403' },
    });
    expect(output.entries()).toMatchObject([{ message: 'alert not closed', report_id, reason: 'HTTP 403' }]);
  });

  test('that was resolved before is not touched', async () => {
    expect(await close(already, alert(false), github())).toStrictEqual({
      ...already,
      alert: { closed: true, reason: 'the alert was resolved before' },
    });
  });

  test('is not touched without access to GitHub, nor where there is none', async () => {
    expect(await close(revoked, alert(true))).toBe(revoked);
    expect(await close(revoked, undefined, github())).toBe(revoked);
  });

  test.each(outcomes.filter(({ status }) => status !== 'revoked' && status !== 'already_revoked'))(
    'stays open when the report ends as $status',
    async ({ report_id: _id, ...draft }) => {
      expect(await close(draft, alert(true), github())).toBe(draft);
    },
  );
});

describe('its comment', () => {
  const time = '2026-07-30T08:26:42.300Z';
  const leak = (id: string | undefined, owner?: 'unknown') =>
    ({ status: 'revoked', ...(id && { api_key_id: id }), ...(owner && { owner }) }) as const;

  test.each<[string, Parameters<typeof alertComment>[0], string]>([
    [
      'says what was revoked, when, and how that is known',
      revoked,
      `devin-key-revoker: API key key-a of service-user-a revoked, proven dead at ${time}: the token is answered 401 (token_rejected).`,
    ],
    [
      'says what was dead before',
      { ...already, evidence: 'listed_inactive', proof: { ...proof, method: 'listing' } },
      `devin-key-revoker: API key key-a of service-user-a already revoked, proven dead at ${time}: the key listing shows it inactive (listed_inactive).`,
    ],
    [
      'leaves out what is not known',
      { status: 'already_revoked', evidence: 'dead_on_arrival', proof },
      `devin-key-revoker: API key already revoked, proven dead at ${time}: the token is answered 401 (dead_on_arrival).`,
    ],
    [
      'names a key whose service user is not known',
      { ...already, service_user_id: undefined },
      `devin-key-revoker: API key key-a already revoked, proven dead at ${time}: the token is answered 401 (token_rejected).`,
    ],
    [
      'says that the owner of a token is not known',
      { status: 'already_revoked', evidence: 'dead_on_arrival', owner: 'unknown', proof },
      `devin-key-revoker: the token is rejected (HTTP 401) from our address, proven at ${time}. Its owner is unknown here: it may be revoked, expired, never valid, or of another enterprise that admits other addresses only.`,
    ],
    [
      'names the keys of several tokens',
      { ...revoked, leaks: [leak('key-a'), leak('key-b')] },
      `devin-key-revoker: 2 tokens, all dead at ${time}. API keys key-a, key-b.`,
    ],
    [
      'counts the tokens of nobody among several',
      { ...revoked, leaks: [leak('key-a'), leak(undefined, 'unknown')] },
      `devin-key-revoker: 2 tokens, all dead at ${time}. 1 of unknown owner, rejected from our address. API keys key-a.`,
    ],
    [
      'names no key when all of several are of nobody',
      { ...already, owner: 'unknown', leaks: [leak(undefined, 'unknown'), leak(undefined, 'unknown')] },
      `devin-key-revoker: 2 tokens, all dead at ${time}. 2 of unknown owner, rejected from our address.`,
    ],
    [
      'is that of the one when there is one',
      { ...revoked, leaks: [leak('key-b')] },
      `devin-key-revoker: API key key-a of service-user-a revoked, proven dead at ${time}: the token is answered 401 (token_rejected).`,
    ],
  ])('%s', (_, draft, expected) => {
    expect(alertComment(draft)).toBe(expected);
  });

  test('fits into the form of GitHub', () => {
    const long = 'k'.repeat(256);

    expect(alertComment({ ...revoked, api_key_id: long })).toHaveLength(280);
    expect(alertComment({ ...revoked, leaks: [leak(long), leak(long)] })).toHaveLength(280);
  });
});
