import { describe, expect, test } from 'vitest';
import type { ApiKey } from '../../../lib/clients/devin-shapes.ts';
import { applyPolicy, type Decision, type KeyOwner, type Policy } from '../../../lib/sweep/keys/policy.ts';

const DAY = 86_400;
const at = (date: string): number => Date.parse(date) / 1_000;
const NOW = at('2026-11-23T03:00:00Z');
const owner: KeyOwner = { service_user_id: 'service-user-1', name: 'deploy-bot', expires_at: null };
const policy: Policy = { warnDays: [14, 7, 1], exempt: [] };
const key: ApiKey = {
  api_key_id: 'key-1',
  api_key_name: 'ci',
  created_at: NOW - 10 * DAY,
  expires_at: NOW + 100 * DAY,
  revoked_at: null,
  last_used_at: null,
  is_active: true,
};

type Row = {
  when: string;
  key?: Partial<ApiKey>;
  owner?: Partial<KeyOwner>;
  policy?: Partial<Policy>;
  own?: string[];
  now?: number;
  expected: Decision;
};
const judged = ({ key: k, owner: o, policy: p, own = [], now = NOW }: Row): Decision =>
  applyPolicy({ ...key, ...k }, { ...owner, ...o }, { ...policy, ...p }, own, now);
const check = (rows: Row[]): void => {
  test.each(rows)('$when: $expected.decision, $expected.rule', (row) =>
    expect(judged(row)).toEqual(row.expected),
  );
};

const valid: Decision = { decision: 'keep', rule: 'valid' };
const revoke = (rule: (Decision & { decision: 'revoke' })['rule'], since: number): Decision => ({
  decision: 'revoke',
  rule,
  since,
});
const doubt = (why: string): Decision => ({ decision: 'keep', rule: 'contradiction', doubt: why });
const soon = (threshold_days: number, due: number): Decision => ({
  decision: 'warn',
  rule: 'expires_soon',
  due,
  threshold_days,
});

describe('an expiry', () => {
  check([
    {
      when: 'a second ago',
      key: { expires_at: NOW - 1, is_active: false },
      expected: revoke('expired', NOW - 1),
    },
    { when: 'at this second', key: { expires_at: NOW, is_active: false }, expected: revoke('expired', NOW) },
    { when: 'in a second', key: { expires_at: NOW + 1 }, expected: soon(1, NOW + 1) },
    { when: 'in exactly a day', key: { expires_at: NOW + DAY }, expected: soon(1, NOW + DAY) },
    {
      when: 'a second over a day ahead',
      key: { expires_at: NOW + DAY + 1 },
      expected: soon(7, NOW + DAY + 1),
    },
    { when: 'in exactly 7 days', key: { expires_at: NOW + 7 * DAY }, expected: soon(7, NOW + 7 * DAY) },
    {
      when: 'a second over 7 days ahead',
      key: { expires_at: NOW + 7 * DAY + 1 },
      expected: soon(14, NOW + 7 * DAY + 1),
    },
    { when: 'in exactly 14 days', key: { expires_at: NOW + 14 * DAY }, expected: soon(14, NOW + 14 * DAY) },
    { when: 'a second over 14 days ahead', key: { expires_at: NOW + 14 * DAY + 1 }, expected: valid },
    {
      when: 'soon, without thresholds',
      key: { expires_at: NOW + 1 },
      policy: { warnDays: [] },
      expected: valid,
    },
    { when: 'null', key: { expires_at: null }, expected: { decision: 'warn', rule: 'no_expiry' } },
    { when: 'missing', key: { expires_at: undefined }, expected: { decision: 'warn', rule: 'no_expiry' } },
    { when: 'at second 0', key: { expires_at: 0, is_active: false }, expected: revoke('expired', 0) },
    {
      when: 'over, of a key that still counts as active',
      key: { expires_at: NOW - 1 },
      expected: doubt('it is expired, and active'),
    },
  ]);
});

describe('a key that is revoked', () => {
  const revoked: Decision = { decision: 'keep', rule: 'revoked' };
  check([
    { when: 'long ago', key: { revoked_at: NOW - DAY, is_active: false }, expected: revoked },
    { when: 'at second 0', key: { revoked_at: 0, is_active: false }, expected: revoked },
    {
      when: 'and expired',
      key: { revoked_at: NOW - DAY, expires_at: NOW - 2, is_active: false },
      expected: revoked,
    },
    {
      when: 'by an expired owner',
      key: { revoked_at: 1, is_active: false },
      owner: { expires_at: 1 },
      expected: revoked,
    },
    { when: 'and active', key: { revoked_at: 1 }, expected: doubt('it is revoked, and active') },
  ]);
});

describe('an owner', () => {
  check([
    {
      when: 'that expired a second ago',
      owner: { expires_at: NOW - 1 },
      key: { is_active: false },
      expected: revoke('owner_expired', NOW - 1),
    },
    {
      when: 'that expires at this second',
      owner: { expires_at: NOW },
      key: { is_active: false },
      expected: revoke('owner_expired', NOW),
    },
    ...[NOW, 0, -1].map((expires_at) => ({
      when: `that expired at ${expires_at}, while the key is active`,
      owner: { expires_at },
      expected: doubt('its service user is expired, and it is active'),
    })),
    { when: 'that expires in a second', owner: { expires_at: NOW + 1 }, expected: valid },
    { when: 'whose expiry is missing', owner: { expires_at: undefined }, expected: valid },
    {
      when: 'that was removed, so that its key works no more',
      key: { is_active: false },
      expected: revoke('owner_removed', NOW),
    },
    {
      when: 'that was removed, of a key without expiry',
      key: { is_active: false, expires_at: null },
      expected: revoke('owner_removed', NOW),
    },
  ]);
});

describe('an age', () => {
  const leapDay = at('2028-02-29T12:00:00Z');
  const aged = (age: number): Partial<ApiKey> => ({ created_at: NOW - age });
  check([
    { when: 'of exactly the limit', key: aged(90 * DAY), policy: { maxAgeDays: 90 }, expected: valid },
    {
      when: 'a second over the limit',
      key: aged(90 * DAY + 1),
      policy: { maxAgeDays: 90 },
      expected: revoke('max_age', NOW - 1),
    },
    { when: 'a second under it', key: aged(90 * DAY - 1), policy: { maxAgeDays: 90 }, expected: valid },
    { when: 'of years, without the rule', key: aged(3_000 * DAY), expected: valid },
    { when: 'below zero', key: aged(-DAY), policy: { maxAgeDays: 1 }, expected: valid },
    {
      when: 'of 365 days over a leap day',
      key: { created_at: leapDay, expires_at: null },
      policy: { maxAgeDays: 365 },
      now: at('2029-02-28T12:00:00Z'),
      expected: { decision: 'warn', rule: 'no_expiry' },
    },
    {
      when: 'of 365 days and a second over a leap day',
      key: { created_at: leapDay, expires_at: null },
      policy: { maxAgeDays: 365 },
      now: at('2029-02-28T12:00:01Z'),
      expected: revoke('max_age', at('2029-02-28T12:00:00Z')),
    },
    {
      when: 'over the limit, of a key that is expired as well',
      key: { created_at: 0, expires_at: NOW - 5, is_active: false },
      policy: { maxAgeDays: 1 },
      expected: revoke('expired', NOW - 5),
    },
  ]);
});

describe('a time of creation', () => {
  const impossible = doubt('it was created at an impossible time');
  check([
    { when: 'of second 0', key: { created_at: 0 }, policy: { maxAgeDays: 1 }, expected: impossible },
    { when: 'before 1970', key: { created_at: -1 }, policy: { maxAgeDays: 1 }, expected: impossible },
    { when: 'in milliseconds', key: { created_at: NOW * 1_000 }, expected: impossible },
  ]);
});

describe('a last use', () => {
  const idle = { maxIdleDays: 30 };
  const old = NOW - 400 * DAY;
  check([
    {
      when: 'exactly at the limit',
      key: { created_at: old, last_used_at: NOW - 30 * DAY },
      policy: idle,
      expected: valid,
    },
    {
      when: 'a second beyond it',
      key: { created_at: old, last_used_at: NOW - 30 * DAY - 1 },
      policy: idle,
      expected: revoke('max_idle', NOW - 1),
    },
    {
      when: 'null, of a key made exactly at the limit',
      key: { created_at: NOW - 30 * DAY },
      policy: idle,
      expected: valid,
    },
    {
      when: 'null, of a key made a second beyond it',
      key: { created_at: NOW - 30 * DAY - 1 },
      policy: idle,
      expected: revoke('max_idle', NOW - 1),
    },
    {
      when: 'missing, of an old key',
      key: { created_at: NOW - 31 * DAY, last_used_at: undefined },
      policy: idle,
      expected: revoke('max_idle', NOW - DAY),
    },
    {
      when: 'at second 0, of a new key',
      key: { created_at: NOW - DAY, last_used_at: 0 },
      policy: idle,
      expected: valid,
    },
    { when: 'long ago, without the rule', key: { created_at: 1, last_used_at: 1 }, expected: valid },
  ]);
});

describe('what is spared', () => {
  const expired = { expires_at: NOW - 1, is_active: false };
  const exempt: Decision = { decision: 'keep', rule: 'exempt', spared_from: 'expired' };
  const ours: Decision = { decision: 'keep', rule: 'own_key', spared_from: 'expired' };
  check([
    { when: 'an exempt key', key: expired, policy: { exempt: ['key-1'] }, expected: exempt },
    {
      when: 'a key of an exempt owner',
      key: expired,
      policy: { exempt: ['service-user-1'] },
      expected: exempt,
    },
    {
      when: 'a key of an owner whose exempt name has blanks around it',
      key: expired,
      owner: { name: ' deploy-bot\n' },
      policy: { exempt: ['deploy-bot'] },
      expected: exempt,
    },
    {
      when: 'a key whose exempt name has blanks around it',
      key: { ...expired, api_key_name: 'ci ' },
      policy: { exempt: ['ci'] },
      expected: exempt,
    },
    { when: 'a key of an exempt name', key: expired, policy: { exempt: ['ci'] }, expected: exempt },
    {
      when: 'a key of an owner of an exempt name',
      key: expired,
      policy: { exempt: ['deploy-bot'] },
      expected: exempt,
    },
    {
      when: 'a key of an owner whose name begins with an exempt one',
      key: expired,
      policy: { exempt: ['deploy', 'c'] },
      expected: revoke('expired', NOW - 1),
    },
    {
      when: 'another key is exempt',
      key: expired,
      policy: { exempt: ['key-11'] },
      expected: revoke('expired', NOW - 1),
    },
    { when: 'our own key, or a sibling of it', key: expired, own: ['service-user-1'], expected: ours },
    {
      when: 'our own key, exempt too',
      key: expired,
      own: ['service-user-1'],
      policy: { exempt: ['key-1'] },
      expected: ours,
    },
    {
      when: 'an exempt key that expires soon is warned of',
      key: { expires_at: NOW + DAY },
      policy: { exempt: ['key-1'] },
      expected: soon(1, NOW + DAY),
    },
    {
      when: 'our own key that expires soon is warned of',
      key: { expires_at: NOW + DAY },
      own: ['service-user-1'],
      expected: soon(1, NOW + DAY),
    },
  ]);
});
