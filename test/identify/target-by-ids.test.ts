import { expect, test } from 'vitest';
import type { Probe } from '../../lib/clients/devin-shapes.ts';
import { Token } from '../../lib/domain/token.ts';
import { targetByIds } from '../../lib/identify/target-by-ids.ts';

const key = { service_user_id: 'service-user-a', api_key_id: 'key-a' };
const token = new Token(['cog', 'not-a-real-one'].join('_'));
const named = { kind: 'key', key, attribution: { method: 'ids', confidence: 'certain' } };
const found = (more: object = {}) => ({ status: 'found', target: { ...named, ...more } });
const alive = (principal_type: string, service_user_id?: string): Probe => ({
  state: 'alive',
  principal: { principal_type, service_user_id },
  apiSecond: 7,
});

test.each<[string, Token | undefined, Probe | undefined, unknown]>([
  ['ids alone name the key', undefined, undefined, found()],
  [
    'a token of the same service user proves the key’s death later',
    token,
    alive('service_user', 'service-user-a'),
    found({ token, firstUse: 7 }),
  ],
  [
    'a token whose probe shows nothing may still prove it later',
    token,
    { state: 'unknown', reason: 'HTTP 503', isTransient: true },
    found({ token }),
  ],
  ['a token that is dead already proves nothing of the key', token, { state: 'dead' }, found()],
  [
    'a token of another service user contradicts the ids, and a person decides',
    token,
    alive('service_user', 'service-user-b'),
    {
      status: 'decided',
      draft: {
        status: 'escalated',
        ...key,
        reason: 'the report names a key of service-user-a, but the token belongs to service-user-b',
        next_step:
          'find out which is right, and invoke the function with the ids alone or with the token alone',
      },
    },
  ],
  [
    'a token of no service user is escalated with the ids of the report',
    token,
    alive('devin_brain'),
    { status: 'decided', draft: expect.objectContaining({ status: 'escalated', ...key }) },
  ],
])('%s', (_, given, probe, expected) => {
  expect(targetByIds(key, given, probe)).toEqual(expected);
});
