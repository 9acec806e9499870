import { beforeAll, describe, expect, test } from 'vitest';
import { readYaml } from '../../deploy/cloudformation-yaml.ts';
import { drawPlan } from './plan.ts';
import { PLANTED_DEFECTS, plant } from './planted-defects.ts';
import { playWorld } from './play-world.ts';
import { VISIBILITY_MS } from './queue.ts';
import { openRealm, type Realm } from './realm.ts';
import { buildRealms, FUNCTIONS, type RealmSources } from './realm-build.ts';
import { REGRESSIONS } from './regressions.ts';
import { sweeping } from './sweeping.ts';
import { TIMEOUTS } from './world.ts';

// Worlds of faults around the real functions; `npm run simulate` plays many more.

let sources: RealmSources;
let realm: Realm;

beforeAll(async () => {
  sources = await buildRealms();
  realm = openRealm(sources);
});

test('the world has the times of serverless.yml', () => {
  const { custom, functions } = readYaml('serverless.yml');
  const seconds: Record<string, number> = {
    ...Object.fromEntries(FUNCTIONS.map((name) => [name, functions[name].timeout])),
    revoke: custom.revokeTimeout,
    'sweep-keys': custom.sweepTimeout,
  };

  expect(TIMEOUTS).toEqual(Object.fromEntries(FUNCTIONS.map((name) => [name, 1_000 * seconds[name]!])));
  const [leaks, sweeps] = [custom.leakQueueVisibility * 1_000, custom.sweepQueueVisibility * 1_000];
  expect(VISIBILITY_MS).toEqual({ leaks, backlog: leaks, sweeps });
});

test.each([
  ['with leaks', {}],
  ['with a sweep', sweeping({ changeRate: 1 })],
])('the same seed tells the same story %s, whatever was played before it', async (_, fixed) => {
  const plan = { ...drawPlan(5), ...fixed };
  const first = await playWorld(5, openRealm(sources), { shouldNotify: true, plan });
  await playWorld(6, realm);
  const second = await playWorld(5, realm, { shouldNotify: true, plan });

  expect(first.story.length).toBeGreaterThan(50);
  expect(second.story).toEqual(first.story);
});

test('the invariants hold in the first sixty worlds', { timeout: 120_000 }, async () => {
  const broken = [];
  for (let seed = 1; seed <= 60; seed++) {
    const { violations } = await playWorld(seed, realm);
    if (violations.length > 0) broken.push({ seed, violations });
  }
  expect(broken).toEqual([]);
});

test.each(REGRESSIONS)('seed $seed holds, where $was', async ({ plan, seed }) => {
  expect((await playWorld(seed, realm, { plan: { ...drawPlan(seed), ...plan } })).violations).toEqual([]);
});

describe('a planted defect is noticed', () => {
  /** Each takes at most some twenty, and a change of what is drawn for the worlds must not hide one. */
  const SEEDS = 400;

  test.each(PLANTED_DEFECTS)('$name', { timeout: 120_000 }, async (defect) => {
    const defective = openRealm(plant(defect, sources));
    const hooks = defect.mutate === undefined ? {} : { mutate: defect.mutate };
    let noticed: string | undefined;
    for (let seed = 1; seed <= SEEDS && noticed === undefined; seed++) {
      const plan = { ...drawPlan(seed), ...defect.plan };
      noticed = (await playWorld(seed, defective, { ...hooks, plan })).violations[0]?.invariant;
    }
    expect(defect.noticedBy).toContain(noticed);
  });
});
