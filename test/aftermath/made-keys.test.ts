import { describe, expect, test } from 'vitest';
import { type ChaseRules, chaseReport, madeKeys, planChase } from '../../lib/aftermath/made-keys.ts';
import type { Act } from '../../lib/aftermath/read-acts.ts';
import type { MadeKey } from '../../lib/domain/aftermath.ts';
import { LeakReport } from '../../lib/domain/report.ts';

const service_user_id = 'service-user-1';
const act = (ids: Record<string, string>, action = 'create_service_user_api_key'): Act => ({
  action,
  at: 1_800_000_000,
  ids,
});

describe('a key that was made', () => {
  test.each<[string, Act, Partial<MadeKey> | undefined]>([
    [
      'is named by both ids',
      act({ service_user_id, api_key_id: 'key-1' }),
      { service_user_id, api_key_id: 'key-1' },
    ],
    ['may be called id', act({ service_user_id, id: 'key-1' }), { api_key_id: 'key-1' }],
    [
      'is the new one of a rotation',
      act({ api_key_id: 'old', new_api_key_id: 'key-1' }, 'rotate_service_user_api_key'),
      { api_key_id: 'key-1', by: 'rotate' },
    ],
    [
      'of a rotation that names the old one alone has no id',
      act({ service_user_id, api_key_id: 'old' }, 'rotate_service_user_api_key'),
      { service_user_id },
    ],
    ['without a service user has no event', act({ api_key_id: 'key-1' }), { api_key_id: 'key-1' }],
    [
      'of a service user with an odd id has no event',
      act({ api_key_id: 'key-1', service_user_id: '../x' }),
      { api_key_id: 'key-1' },
    ],
    [
      'is not named by an id that is none',
      act({ service_user_id, api_key_id: '..', id: 'key-1' }),
      { api_key_id: 'key-1', service_user_id },
    ],
    ['is not the leaked one', act({ service_user_id, api_key_id: 'key-leaked' }), undefined],
    [
      'is not made by another act',
      act({ service_user_id, api_key_id: 'key-1' }, 'revoke_service_user_api_key'),
      undefined,
    ],
  ])('%s', (_, one, expected) => {
    const [key] = madeKeys([one], 'key-leaked');
    if (expected === undefined) expect(key).toBeUndefined();
    else {
      const has = expected.service_user_id !== undefined && expected.api_key_id !== undefined;
      expect(key).toMatchObject(expected);
      expect(key?.event).toBe(has ? JSON.stringify({ service_user_id, api_key_id: 'key-1' }) : key?.event);
      if (!key?.service_user_id || !key.api_key_id) expect(key?.event).toBeUndefined();
    }
  });
});

test('a key that was made has when, and nothing that is not known', () => {
  expect(madeKeys([act({})], undefined)).toStrictEqual([
    { made_at: '2027-01-15T08:00:00.000Z', by: 'create' },
  ]);
  expect(madeKeys([act({ api_key_id: 'key-1' })], undefined)).toStrictEqual([
    { api_key_id: 'key-1', made_at: '2027-01-15T08:00:00.000Z', by: 'create' },
  ]);
});

describe('the plan for keys that were made', () => {
  const key = (api_key_id: string, owner = service_user_id): MadeKey => ({
    service_user_id: owner,
    api_key_id,
    made_at: '2026-07-30T08:26:40.000Z',
    by: 'create',
  });
  const rules: ChaseRules = {
    mode: 'terminate',
    dryRun: false,
    ownKey: false,
    max: 2,
    ownServiceUsers: ['service-user-own'],
  };
  test.each<[string, MadeKey[], Partial<ChaseRules>, string, string[]]>([
    ['queues all', [key('a'), key('b')], {}, 'queue', ['a', 'b']],
    ['queues none above the cap', [key('a'), key('b'), key('c')], {}, 'escalated', []],
    [
      'does not count those that are over',
      [key('a'), key('b'), { ...key('c'), active: false }],
      {},
      'queue',
      ['a', 'b'],
    ],
    ['queues none in the mode report', [key('a')], { mode: 'report' }, 'none', []],
    ['queues none in a dry run', [key('a')], { dryRun: true }, 'none', []],
    ['queues none that our own key made', [key('a')], { ownKey: true }, 'escalated', []],
    ['queues none while our own are not known', [key('a')], { ownServiceUsers: undefined }, 'escalated', []],
    ['leaves out our own', [key('a', 'service-user-own'), key('b')], {}, 'queue', ['b']],
    ['does nothing where none was made, though our own key leaked', [], { ownKey: true }, 'none', []],
    ['does nothing without ids', [{ made_at: '2026-07-30T08:26:40.000Z', by: 'rotate' }], {}, 'none', []],
  ])('%s', (_, keys, changes, status, ids) => {
    const plan = planChase(keys, { ...rules, ...changes });
    expect(plan.status).toBe(status);
    expect(plan.status === 'queue' ? plan.keys.map(({ api_key_id }) => api_key_id) : []).toEqual(ids);
  });

  test('reports the same key under the same id, however often it is found', () => {
    const made = { ...key('key~1'), service_user_id, api_key_id: 'key~1' };
    const report = LeakReport.parse(chaseReport(made, 'service-user-2'));
    expect(report).toMatchObject({
      report_id: 'aftermath/service-user-1/key_7E1',
      reported_at: Date.parse(made.made_at),
    });
  });
});
