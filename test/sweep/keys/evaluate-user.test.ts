import { describe, expect, test } from 'vitest';
import type { ApiKey, KeyListing } from '../../../lib/clients/devin-shapes.ts';
import { evaluateUser } from '../../../lib/sweep/keys/evaluate-user.ts';
import type { Start } from '../../../lib/sweep/keys/plan.ts';
import type { KeyOwner } from '../../../lib/sweep/keys/policy.ts';

const DAY = 86_400;
const NOW = Date.parse('2026-11-23T03:00:00Z') / 1_000;
const OWNER: KeyOwner = { service_user_id: 'service-user-a', name: ' robot "a" ' };
const DEADLINE = NOW * 1_000 + 60_000;

const key = (api_key_id: string, given: Partial<ApiKey> = {}): ApiKey => ({
  api_key_id,
  api_key_name: `name of ${api_key_id}`,
  created_at: NOW - DAY,
  expires_at: NOW + 100 * DAY,
  revoked_at: null,
  last_used_at: NOW - 60,
  is_active: true,
  ...given,
});
const expired = { expires_at: NOW - DAY, is_active: false };

interface Given {
  readonly owner?: Partial<KeyOwner>;
  readonly start?: Partial<Start>;
  readonly exempt?: string[];
  readonly unused?: string[];
  readonly isCompact?: boolean;
}

async function evaluate(listing: KeyListing, given: Given = {}) {
  const start: Start = {
    version: 1,
    plan_id: '20261123T030000Z-00000000',
    // A part of a second is dropped: keys have whole ones.
    started_at: NOW * 1_000 + 999,
    invoked_by: 'schedule',
    mode: 'report',
    policy: { warnDays: [14], exempt: given.exempt ?? [] },
    caps: { maxRevocations: 25, maxRatio: 0.2 },
    own: [],
    ...given.start,
  };
  const unused = new Set(given.unused);
  const asked: unknown[] = [];
  const listKeys = async (...args: unknown[]) => {
    asked.push(args);
    return listing;
  };
  const owner = { ...OWNER, ...given.owner };
  const options = { deadline: DEADLINE, isCompact: given.isCompact ?? false, unused };
  const user = await evaluateUser({ listKeys }, start, owner, options);
  return { user, asked, unused: [...unused] };
}

const listed = (...keys: ApiKey[]): KeyListing => ({ ok: true, keys });

test('a service user is asked for its keys within the time of the invocation', async () => {
  const { asked } = await evaluate(listed());

  expect(asked).toEqual([['service-user-a', { deadline: DEADLINE }]]);
});

test('a service user with an id that is not one is refused, and is not asked for', async () => {
  const { asked, user } = await evaluate(listed(), { owner: { service_user_id: '../admin' } });

  expect(user).toEqual({ ok: false, reason: 'a service user has an id that is not one', retryable: false });
  expect(asked).toEqual([]);
});

test('a key with an id that is not one is refused, though the others have one', async () => {
  const { user } = await evaluate(listed(key('key-a'), key('../key')));

  expect(user).toEqual({ ok: false, reason: 'a key has an id that is not one', retryable: false });
});

describe('a service user whose keys are refused', () => {
  const refused = (status?: number): KeyListing => ({
    ok: false,
    reason: 'refused',
    retryable: true,
    ...(status !== undefined && { status }),
  });

  test('with 404 was removed', async () => {
    const { user } = await evaluate(refused(404));

    expect(user).toEqual({
      ok: true,
      totals: { keys: 0, active: 0, revoke: 0, warn: 0, rules: {} },
      entries: [],
      noExpiry: [],
      isUnlisted: true,
    });
  });

  test.each<[string, KeyListing, Given]>([
    ['with 404, although we ourselves use one', refused(404), { start: { own: ['service-user-a'] } }],
    ['with 403', refused(403), {}],
    ['without an answer', refused(), {}],
  ])('%s is refused', async (_, refusal, given) => {
    expect((await evaluate(refusal, given)).user).toEqual(refusal);
  });
});

test('keys are counted by what is decided, and listed unless there is nothing to say of them', async () => {
  const { user } = await evaluate(
    listed(
      key('valid'),
      key('revoked', { revoked_at: NOW - DAY, is_active: false }),
      key('soon', { expires_at: NOW + 5 * DAY }),
      key('forever', { expires_at: null, last_used_at: null }),
      key('expired', expired),
      key('spared', expired),
      key('doubtful', { ...expired, is_active: true }),
    ),
    { exempt: ['spared'] },
  );

  const entry = (id: string, given: object) => ({
    service_user_id: 'service-user-a',
    service_user_name: ' robot  a  ',
    api_key_id: id,
    api_key_name: `name of ${id}`,
    created_at: NOW - DAY,
    last_used_at: NOW - 60,
    ...given,
  });
  expect(user).toStrictEqual({
    ok: true,
    isUnlisted: false,
    totals: {
      keys: 7,
      active: 4,
      revoke: 1,
      warn: 2,
      rules: {
        valid: 1,
        revoked: 1,
        expires_soon: 1,
        no_expiry: 1,
        expired: 1,
        exempt: 1,
        contradiction: 1,
      },
    },
    noExpiry: [],
    entries: [
      entry('soon', {
        expires_at: NOW + 5 * DAY,
        decision: 'warn',
        rule: 'expires_soon',
        threshold_days: 14,
      }),
      entry('forever', { expires_at: null, last_used_at: null, decision: 'warn', rule: 'no_expiry' }),
      entry('expired', { expires_at: NOW - DAY, decision: 'revoke', rule: 'expired' }),
      entry('spared', {
        expires_at: NOW - DAY,
        decision: 'keep',
        rule: 'exempt',
        spared_from: 'expired',
      }),
      entry('doubtful', {
        expires_at: NOW - DAY,
        decision: 'keep',
        rule: 'contradiction',
        doubt: 'it is expired, and active',
      }),
    ],
  });
});

test('a key of ours says what it is spared from', async () => {
  const { user } = await evaluate(listed(key('ours', expired)), { start: { own: ['service-user-a'] } });

  expect(user).toMatchObject({ entries: [{ decision: 'keep', rule: 'own_key', spared_from: 'expired' }] });
});

test('two service users do not share their figures', async () => {
  await evaluate(listed(key('valid')));

  expect((await evaluate(listed(key('valid')))).user).toMatchObject({
    totals: { keys: 1, rules: { valid: 1 } },
  });
});

test('keys are judged as of the second at which the plan was begun', async () => {
  const ended = (expires_at: number) => listed(key('a', { expires_at, is_active: false }));

  expect((await evaluate(ended(NOW))).user).toMatchObject({ totals: { rules: { expired: 1 } } });
  expect((await evaluate(ended(NOW + 1))).user).toMatchObject({ totals: { rules: { owner_removed: 1 } } });
});

test('a compact evaluation has the ids alone of keys that never expire', async () => {
  const given = listed(key('forever', { expires_at: null }), key('expired', expired));
  const { user } = await evaluate(given, { isCompact: true });

  expect(user).toMatchObject({
    noExpiry: ['forever'],
    entries: [{ api_key_id: 'expired' }],
    totals: { keys: 2, warn: 1, revoke: 1 },
  });
});

describe('an exemption', () => {
  test.each<[string, string, KeyListing]>([
    ['the id of a service user', 'service-user-a', listed()],
    ['the name of a service user', 'robot "a"', listed()],
    ['the id of a key', 'key-a', listed(key('key-b'), key('key-a'))],
    ['the name of a key', 'name of key-a', listed(key('key-a'))],
    [
      'a service user that was removed',
      'service-user-a',
      { ok: false, reason: 'HTTP 404', retryable: false, status: 404 },
    ],
  ])('that names %s is used', async (_, name, listing) => {
    expect((await evaluate(listing, { unused: ['nobody', name] })).unused).toEqual(['nobody']);
  });
});
