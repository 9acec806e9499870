import { describe, expect, test } from 'vitest';
import type { ApiKey } from '../../../lib/clients/devin-shapes.ts';
import { believeEntry, type RegistryEntry, supersedes } from '../../../lib/identify/registry/entry.ts';

const OWNER = 'service-user-a';
const entry = (given: Partial<RegistryEntry> = {}): RegistryEntry => ({
  version: 1,
  service_user_id: OWNER,
  api_key_id: 'key-a',
  confidence: 'high',
  source: 'enrolled',
  method: 'only_active_key',
  noted_at: 1,
  ...given,
});
const key = (api_key_id: string, is_active = true): ApiKey => ({
  api_key_id,
  api_key_name: api_key_id,
  created_at: 0,
  is_active,
});

describe('an entry', () => {
  const keys = [key('key-b'), key('key-a'), key('key-c')];
  test.each<[string, RegistryEntry, { service_user_id: string; keys: ApiKey[] }, string | undefined]>([
    ['whose key is active under its service user', entry(), { service_user_id: OWNER, keys }, undefined],
    [
      'that is certain',
      entry({ confidence: 'certain', source: 'made' }),
      { service_user_id: OWNER, keys },
      undefined,
    ],
    [
      'of another service user',
      entry(),
      { service_user_id: 'service-user-b', keys },
      'the registry names a key of another service user',
    ],
    [
      'whose key is not listed',
      entry(),
      { service_user_id: OWNER, keys: [key('key-b')] },
      'the listing does not show the registered key',
    ],
    [
      'of a service user without keys',
      entry(),
      { service_user_id: OWNER, keys: [] },
      'the listing does not show the registered key',
    ],
    [
      'whose key was revoked',
      entry(),
      { service_user_id: OWNER, keys: [key('key-a', false), key('key-b')] },
      'the registered key is not active',
    ],
    [
      'whose key is listed twice',
      entry(),
      { service_user_id: OWNER, keys: [key('key-a'), key('key-a', false)] },
      'the listing shows the registered key twice',
    ],
    [
      'that rests on an elimination',
      entry({ confidence: 'medium', source: 'leak', method: 'revocation' }),
      { service_user_id: OWNER, keys },
      'the registry is not sure enough of the key',
    ],
  ])('%s', (_, given, listing, reason) => {
    expect(believeEntry(given, listing)).toEqual(
      reason === undefined ? { belief: 'believed', key: key('key-a') } : { belief: 'refused', reason },
    );
  });
});

describe('an entry that stands', () => {
  const leak = (given: Partial<RegistryEntry> = {}) =>
    entry({ source: 'leak', method: 'revocation', report_id: 'console/1', ...given });
  test.each<[string, boolean, RegistryEntry, RegistryEntry, boolean?]>([
    ['is kept against one that is as strong', false, entry({ api_key_id: 'key-b' }), entry()],
    ['is kept against the same one', false, entry({ noted_at: 2 }), entry()],
    ['is kept against a weaker one', false, entry({ confidence: 'medium' }), entry()],
    ['is replaced by a stronger one', true, entry(), entry({ confidence: 'medium' })],
    ['is replaced by that of a key we made', true, entry({ confidence: 'certain', source: 'made' }), entry()],
    ['is replaced by the death of its token', true, leak(), entry()],
    ['is kept against a death that is less sure', false, leak({ confidence: 'medium' }), entry()],
    ['is kept against a second death', false, leak({ report_id: 'console/2' }), leak()],
    ['is replaced by a death that is surer', true, leak(), leak({ confidence: 'medium' })],
    ['is kept once its token died', false, entry(), leak()],
    ['is replaced when the listing contradicts it', true, entry(), entry({ confidence: 'certain' }), true],
  ])('%s', (_, expected, next, standing, isStale) => {
    expect(supersedes(next, standing, isStale)).toBe(expected);
  });
});
