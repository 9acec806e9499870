import { expect, test } from 'vitest';
import { SecretError } from '../../lib/aws/secrets.ts';
import type { Probe } from '../../lib/clients/devin-shapes.ts';
import { ownServiceUsers } from '../../lib/clients/own-service-users.ts';
import { Token } from '../../lib/domain/token.ts';
import { devinDouble } from '../support/devin-double.ts';

const token = (name: string) => new Token(['cog', name].join('_'));
const of = (service_user_id: string | undefined, principal_type = 'service_user'): Probe => ({
  state: 'alive',
  principal: { principal_type, service_user_id },
});
const unknown: Probe = { state: 'unknown', reason: 'HTTP 503', isTransient: true };
const retry = { deadline: 7 };
type Others = Parameters<typeof ownServiceUsers>[1];

/** @param probes by the name of the token */
const own = (admin: Probe, others: Others = [], probes: Record<string, Probe> = {}) =>
  ownServiceUsers(
    devinDouble({
      probeAdmin: async (given) => {
        expect(given).toBe(retry);
        return admin;
      },
      probe: async (given, options) => {
        expect(options).toBe(retry);
        return probes[given.reveal().slice(4)] ?? expect.fail('this token is none of ours');
      },
    }),
    others,
    retry,
  );
const standby = async () => token('standby');
const down = () => Promise.reject(new SecretError('standby', 'unavailable', 'is down'));

test.each<[string, () => Promise<string[] | undefined>, string[] | undefined]>([
  ['the admin token alone', () => own(of('a')), ['a']],
  ['a standby token that there is not', () => own(of('a'), [async () => undefined, undefined]), ['a']],
  [
    'each of several tokens',
    () => own(of('a'), [standby, async () => token('activity')], { standby: of('b'), activity: of('c') }),
    ['a', 'b', 'c'],
  ],
  ['an admin token that does not say whose it is', () => own(unknown), undefined],
  ['an admin token that is dead', () => own({ state: 'dead' }), undefined],
  ['an admin token of another principal', () => own(of('a', 'pat_user')), undefined],
  ['an admin token of a service user without an id', () => own(of(undefined)), undefined],
  [
    'a standby token that does not say whose it is',
    () => own(of('a'), [standby], { standby: unknown }),
    undefined,
  ],
  ['a standby token that cannot be read', () => own(of('a'), [down]), undefined],
])('our service users by %s', async (_, asked, expected) => {
  expect(await asked()).toEqual(expected);
});

test('a bug is not taken for a service user that is not known', async () => {
  const bug = () => Promise.reject(new TypeError('a bug'));

  await expect(own(of('a'), [bug])).rejects.toThrow(TypeError);
});
