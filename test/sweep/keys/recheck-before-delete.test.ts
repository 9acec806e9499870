import { expect, test } from 'vitest';
import type { OutcomeDraft } from '../../../lib/domain/outcome.ts';
import type { SwitchState } from '../../../lib/sweep/keys/kill-switch.ts';
import { type RecheckParts, recheckBeforeDelete } from '../../../lib/sweep/keys/recheck-before-delete.ts';

const key = { service_user_id: 'service-user-a', api_key_id: 'key-a' };

interface Row {
  readonly stop?: SwitchState;
  readonly own?: readonly string[] | undefined;
  readonly actBefore?: number | undefined;
}

function recheck({ actBefore, own, stop = { state: 'running' } }: Row) {
  const parts: RecheckParts = {
    ownServiceUsers: async () => own,
    stop: { read: async () => stop, set: () => Promise.reject(new Error('not to be set')) },
    actBefore,
    retry: { deadline: Date.now() + 1_000 },
  };
  return recheckBeforeDelete(key, parts);
}

const own = ['service-user-own', 'service-user-standby'];

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
])('a key that a sweep found due %s', async (_, row, expected) => {
  const found = await recheck(row);

  if (expected === undefined) expect(found).toBeUndefined();
  else expect(found).toMatchObject({ ...key, ...expected });
});
