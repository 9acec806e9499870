import { describe, expect, test } from 'vitest';
import type { ApiKey } from '../../lib/clients/devin-shapes.ts';
import { Token } from '../../lib/domain/token.ts';
import type { OwnedToken } from '../../lib/identify/infer-key.ts';
import type { RegistryEntry } from '../../lib/identify/registry/entry.ts';
import { targetByListing, targetByRegistry } from '../../lib/identify/target-by-listing.ts';

const NOW = Date.parse('2026-07-30T08:26:40Z');
const service_user_id = 'service-user-a';
const token = new Token(['cog', 'not-a-real-one'].join('_'));
const key = (api_key_id: string, given: Partial<ApiKey> = {}): ApiKey => ({
  api_key_id,
  api_key_name: `the key ${api_key_id}`,
  created_at: 0,
  is_active: true,
  ...given,
});
const owned = (given: Partial<OwnedToken> = {}): OwnedToken => ({
  service_user_id,
  token,
  keys: [key('key-a')],
  isOnlyAdmin: false,
  ownership: 'other',
  use: { sent: NOW, answered: NOW, apiSecond: 7 },
  seenAt: NOW,
  ...given,
});
const two = [key('key-a'), key('key-b', { last_used_at: 60 })];
const target = (attribution: object, id = 'key-a', given: readonly ApiKey[] = [key('key-a')]) => ({
  status: 'found',
  target: {
    kind: 'key',
    key: { service_user_id, api_key_id: id },
    entry: given.find(({ api_key_id }) => api_key_id === id),
    token,
    firstUse: 7,
    attribution,
  },
});
const decided = (draft: object) => ({ status: 'decided', draft });
const onlyActive = { method: 'only_active_key', confidence: 'high' };
const unknownOwn = decided({
  status: 'failed',
  service_user_id,
  retryable: true,
  reason: expect.stringContaining('it cannot be told which service users are our own'),
});
const eventOf = (id: string) =>
  `decide which key it is (the most likely one is named first), and invoke the revoke function with {"service_user_id":"service-user-a","api_key_id":"${id}"}`;
const candidate = (id: string, last_used_at: string | null = null) => ({
  api_key_id: id,
  api_key_name: `the key ${id}`,
  created_at: '1970-01-01T00:00:00.000Z',
  last_used_at,
});

describe('by its listing', () => {
  // The clock of the API shows the second 7.
  const lately = key('key-b', { is_active: false, revoked_at: 6 });

  test.each<[string, Partial<OwnedToken>, readonly ApiKey[], unknown]>([
    ['a token is of the only active key', {}, [], target(onlyActive)],
    ['our own token is of the only active key', { ownership: 'ours' }, [], target(onlyActive)],
    ['a token is of no key when there is none', { keys: [] }, [], { status: 'none' }],
    ['a token may be of two', { keys: two }, [], { status: 'open', candidates: two }],
    [
      'our own token may be of two',
      { keys: two, ownership: 'ours' },
      [],
      { status: 'open', candidates: two },
    ],
    [
      'a token may be of a key that ended lately',
      { keys: [key('key-a'), lately] },
      [lately],
      { status: 'open', candidates: [key('key-a'), lately] },
    ],
    [
      'the only key of our own service user is not named while its token is none of ours',
      { ownership: 'sibling' },
      [],
      decided({
        status: 'escalated',
        service_user_id,
        candidates: [candidate('key-a')],
        reason: 'service-user-a is our own service user, whose keys are not revoked by inference',
        next_step: eventOf('key-a'),
        attribution: onlyActive,
      }),
    ],
    ['the only key is not named while our own are not known', { ownership: 'unknown' }, [], unknownOwn],
    [
      'none of two is looked for while our own are not known',
      { keys: two, ownership: 'unknown' },
      [],
      unknownOwn,
    ],
    [
      'a person decides between two keys of the only admin token',
      { keys: two, ownership: 'ours', isOnlyAdmin: true },
      [],
      decided({
        status: 'escalated',
        service_user_id,
        candidates: [candidate('key-a'), candidate('key-b', '1970-01-01T00:01:00.000Z')],
        reason:
          'service-user-a has 2 keys, and the token that leaked is the only one that could tell them apart',
        next_step: eventOf('key-a'),
      }),
    ],
  ])('%s', (_, given, ended, expected) => {
    expect(targetByListing(owned(given), ended)).toStrictEqual(expected);
  });
});

describe('by the registry', () => {
  const registered: RegistryEntry = {
    version: 1,
    service_user_id,
    api_key_id: 'key-b',
    confidence: 'certain',
    source: 'made',
    method: 'created',
  };

  test.each<[string, Partial<OwnedToken>, unknown]>([
    ['a token without an entry has no key', {}, undefined],
    [
      'a token is of the key of its entry, as sure as that is',
      { keys: two, registered: { ...registered, confidence: 'high' } },
      target({ method: 'registry', confidence: 'high' }, 'key-b', two),
    ],
    ['a key that is not listed is not believed', { registered }, undefined],
    [
      'a key of our own service user is not named while its token is none of ours',
      { keys: two, registered, ownership: 'sibling' },
      decided(
        expect.objectContaining({
          status: 'escalated',
          candidates: [candidate('key-b', '1970-01-01T00:01:00.000Z')],
          attribution: { method: 'registry', confidence: 'certain' },
        }),
      ),
    ],
    [
      'no key is named while our own are not known',
      { keys: two, registered, ownership: 'unknown' },
      unknownOwn,
    ],
  ])('%s', (_, given, expected) => {
    expect(targetByRegistry(owned(given))).toStrictEqual(expected);
  });
});
