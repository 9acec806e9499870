import { afterEach, beforeEach, expect, test } from 'vitest';
import { SecretError } from '../../lib/aws/secrets.ts';
import type { AdminToken } from '../../lib/clients/devin-admin-token.ts';
import { checkOwnKey } from '../../lib/containment/check-own-key.ts';
import { Token } from '../../lib/domain/token.ts';
import { captureOutput, type Output } from '../support/load-handler.ts';

const tokenOf = (name: string) => new Token(['cog', name].join('_'));
const [current, rotated, standby] = ['current', 'rotated', 'standby'].map(tokenOf);
const secretDown = new SecretError('standby-secret', 'unavailable', 'is down');
const admin = (given: Partial<AdminToken> = {}): AdminToken => ({
  get: async () => tokenOf('current'),
  insteadOf: async () => undefined,
  standby: async () => undefined,
  ...given,
});
const notOurs = { isOnlyAdmin: false, facts: {} };
const own = (isOnlyAdmin: boolean, next_step: string) => ({
  isOnlyAdmin,
  facts: { own_key: true, next_step },
});

let output: Output;
beforeEach(() => {
  output = captureOutput();
});
afterEach(() => output.restore());

test.each<[string, Token | undefined, Partial<AdminToken>, unknown, string[]]>([
  ['a report without a token', undefined, { get: () => Promise.reject(secretDown) }, notOurs, []],
  ['a token of somebody else', tokenOf('other'), { standby: async () => standby }, notOurs, []],
  ['a token of somebody else, without a standby token', tokenOf('other'), {}, notOurs, []],
  [
    'the admin token that is the only one',
    current,
    {},
    own(
      true,
      'the admin token of this software leaked: put a new one into its secret, until then nothing can be revoked',
    ),
    ['OwnKeyLeaked'],
  ],
  [
    'the admin token beside another one',
    current,
    { insteadOf: async (refused) => (current?.equals(refused) ? rotated : undefined) },
    own(
      false,
      'the admin token of this software leaked: put a new one into its secret; the standby token works meanwhile',
    ),
    ['OwnKeyLeaked'],
  ],
  [
    'the standby token',
    standby,
    { standby: async () => standby },
    own(false, 'the standby token of this software leaked: put a new one into its secret'),
    ['OwnKeyLeaked'],
  ],
])('%s is told from our own', async (_, leaked, given, expected, alarms) => {
  expect(await checkOwnKey(leaked, admin(given))).toStrictEqual(expected);
  expect(output.counted()).toEqual(alarms);
  const errors = output.entries().filter(({ level }) => level === 'error');
  expect(errors).toHaveLength(alarms.length);
});

test('a standby token that cannot be read is logged, and hides no admin token', async () => {
  const broken = admin({ standby: () => Promise.reject(secretDown) });

  expect(await checkOwnKey(tokenOf('other'), broken)).toStrictEqual(notOurs);
  expect(output.entries()).toMatchObject([{ level: 'error', error: 'SecretError' }]);
  expect(await checkOwnKey(current, broken)).toMatchObject({ isOnlyAdmin: true, facts: { own_key: true } });
});

test('without the admin token nothing can be said', async () => {
  const broken = admin({ get: () => Promise.reject(secretDown) });

  await expect(checkOwnKey(standby, broken)).rejects.toThrow(secretDown);
});
