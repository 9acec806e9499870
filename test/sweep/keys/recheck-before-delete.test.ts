import { expect, test } from 'vitest';
import type { ApiKey, KeyListing } from '../../../lib/clients/devin-shapes.ts';
import type { OutcomeDraft } from '../../../lib/domain/outcome.ts';
import type { SwitchState } from '../../../lib/sweep/keys/kill-switch.ts';
import { type RecheckParts, recheckBeforeDelete } from '../../../lib/sweep/keys/recheck-before-delete.ts';

const key = { service_user_id: 'service-user-a', api_key_id: 'key-a' };

interface Row {
  readonly stop?: SwitchState;
  readonly own?: readonly string[] | undefined;
  readonly actBefore?: number | undefined;
  readonly dueWhile?: RecheckParts['dueWhile'];
  readonly listing?: KeyListing;
}

function recheck({ actBefore, dueWhile, listing = REFUSED, own, stop = { state: 'running' } }: Row) {
  const parts: RecheckParts = {
    ownServiceUsers: async () => own,
    stop: { read: async () => stop, set: () => Promise.reject(new Error('not to be set')) },
    actBefore,
    dueWhile,
    listKeys: async () => listing,
    retry: { deadline: Date.now() + 1_000 },
  };
  return recheckBeforeDelete(key, parts);
}

const own = ['service-user-own', 'service-user-standby'];
const REFUSED = { ok: false, reason: 'HTTP 503', retryable: true } as const;
const listed = (shown: Partial<ApiKey>): KeyListing => ({
  ok: true,
  keys: [
    {
      api_key_id: key.api_key_id,
      api_key_name: 'ci',
      created_at: 1_000,
      expires_at: null,
      revoked_at: null,
      last_used_at: 2_000,
      is_active: true,
      ...shown,
    },
  ],
});
const idle = { last_used_at: 2_000 };
const inactive = { is_active: false } as const;
const changed = { status: 'escalated', reason: expect.stringContaining('changed') } as const;

test.each<[string, Row, Partial<OutcomeDraft> | undefined]>([
  ['is revoked while all is well', { own }, undefined],
  ['is revoked until its time is over', { own, actBefore: Date.now() + 60_000 }, undefined],
  ['is not revoked after its time', { own, actBefore: Date.now() - 1 }, { status: 'escalated' }],
  ['is not revoked while sweeps are stopped', { own, stop: { state: 'stopped' } }, { status: 'escalated' }],
  [
    'is not revoked while the kill switch cannot be read',
    { own, stop: { state: 'unknown', reason: 'the kill switch cannot be read (HTTP 503)' } },
    { status: 'failed', reason: 'the kill switch cannot be read (HTTP 503)', retryable: true },
  ],
  ['is not revoked while our own service users are not known', {}, { status: 'failed', retryable: true }],
  [
    'is not revoked when its service user became ours',
    { own: [...own, key.service_user_id] },
    { status: 'escalated' },
  ],
  ['is revoked when it is due by its age, which nothing changes', { own, dueWhile: undefined }, undefined],
  ['is revoked when it is still not used', { own, dueWhile: idle, listing: listed({}) }, undefined],
  [
    'is revoked when it was never used',
    { own, dueWhile: { last_used_at: null }, listing: listed({ last_used_at: null }) },
    undefined,
  ],
  [
    'is revoked when it still does not work',
    { own, dueWhile: inactive, listing: listed({ is_active: false }) },
    undefined,
  ],
  [
    'is not revoked when it was used',
    { own, dueWhile: idle, listing: listed({ last_used_at: 3_000 }) },
    changed,
  ],
  [
    'is not revoked when it was used for the first time',
    { own, dueWhile: { last_used_at: null }, listing: listed({}) },
    changed,
  ],
  ['is not revoked when it works again', { own, dueWhile: inactive, listing: listed({}) }, changed],
  [
    'gets its outcome when it is revoked already, whatever else changed',
    { own, dueWhile: idle, listing: listed({ last_used_at: 3_000, revoked_at: 4_000, is_active: false }) },
    undefined,
  ],
  ['gets its outcome when it is gone', { own, dueWhile: idle, listing: { ok: true, keys: [] } }, undefined],
  [
    'gets its outcome when its service user is gone',
    { own, dueWhile: inactive, listing: { ...REFUSED, status: 404, retryable: false } },
    undefined,
  ],
  [
    'is not revoked while it cannot be listed',
    { own, dueWhile: idle, listing: REFUSED },
    { status: 'failed', reason: expect.stringContaining('HTTP 503'), retryable: true },
  ],
  [
    'is not revoked while sweeps are stopped, due or not',
    { own, dueWhile: idle, listing: listed({}), stop: { state: 'stopped' } },
    { status: 'escalated', reason: 'sweeps were stopped before this key was revoked' },
  ],
])('a key that a sweep found due %s', async (_, row, expected) => {
  const found = await recheck(row);

  if (expected === undefined) expect(found).toBeUndefined();
  else expect(found).toMatchObject({ ...key, ...expected });
});
