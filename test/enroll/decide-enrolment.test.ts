import { expect, test } from 'vitest';
import type { ApiKey } from '../../lib/clients/devin-shapes.ts';
import { decideEnrolment, type EnrolmentDecision } from '../../lib/enroll/decide-enrolment.ts';
import type { RegistryEntry } from '../../lib/identify/registry/entry.ts';

const OWNER = 'service-user-a';
const NOW = Date.parse('2026-07-30T02:00:00Z');
const SECOND = NOW / 1_000;
const use = { sent: NOW, answered: NOW + 100, apiSecond: SECOND };
const key = (api_key_id: string, given: Partial<ApiKey> = {}): ApiKey => ({
  api_key_id,
  api_key_name: api_key_id,
  created_at: SECOND - 86_400,
  is_active: true,
  ...given,
});
const revoked = (id: string, secondsAgo: number) =>
  key(id, { is_active: false, revoked_at: SECOND - secondsAgo });
const entry: RegistryEntry = {
  version: 1,
  service_user_id: OWNER,
  api_key_id: 'a',
  confidence: 'high',
  source: 'enrolled',
  method: 'experiment',
};

test.each<[string, ApiKey[], RegistryEntry | undefined, EnrolmentDecision]>([
  ['names the only active key', [key('a')], undefined, { decision: 'name', api_key_id: 'a' }],
  [
    'names the only active key beside one that ended long ago',
    [revoked('b', 3_600), key('a')],
    undefined,
    { decision: 'name', api_key_id: 'a' },
  ],
  [
    'waits beside one that ended a moment ago',
    [revoked('b', 600), key('a')],
    undefined,
    { decision: 'wait', reason: 'a key of the service user ended a moment ago, and may be the one' },
  ],
  [
    'has several keys told apart',
    [key('a'), revoked('b', 3_600), key('c')],
    undefined,
    { decision: 'experiment', candidates: ['a', 'c'] },
  ],
  [
    'leaves out a key that was made after the token was seen to work',
    [key('a'), key('c', { created_at: SECOND + 2 })],
    undefined,
    { decision: 'name', api_key_id: 'a' },
  ],
  [
    'contradicts itself without an active key',
    [revoked('a', 3_600)],
    undefined,
    { decision: 'contradiction', reason: 'the token works, yet the listing shows no active key' },
  ],
  ['knows a key that is registered', [key('a'), key('c')], entry, { decision: 'known', entry }],
  ['knows it even while another key ended', [key('a'), revoked('b', 1)], entry, { decision: 'known', entry }],
  [
    'does not believe an entry of another service user',
    [key('a')],
    { ...entry, service_user_id: 'service-user-b' },
    { decision: 'name', api_key_id: 'a' },
  ],
  [
    'does not believe an entry whose key is not active',
    [revoked('a', 3_600), key('c'), key('d')],
    entry,
    { decision: 'experiment', candidates: ['c', 'd'] },
  ],
  [
    'looks for better evidence than that of an elimination',
    [key('a')],
    { ...entry, confidence: 'medium' },
    { decision: 'name', api_key_id: 'a' },
  ],
])('an enrolment %s', (_, keys, standing, decision) => {
  expect(decideEnrolment({ service_user_id: OWNER, keys }, standing, use)).toEqual(decision);
});
