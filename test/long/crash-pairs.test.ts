import { beforeAll, expect, test } from 'vitest';
import type { LeakKind } from '../simulation/world/plan.ts';
import { openRealm, type Realm } from '../simulation/world/realm.ts';
import { buildRealms } from '../simulation/world/realm-build.ts';
import { crashPairs } from './crash-pairs.ts';

let realm: Realm;

beforeAll(async () => {
  realm = openRealm(await buildRealms());
});

test.each<LeakKind>(['an alert', 'a key by its ids, by an event'])(
  'a report of %s ends in one true outcome, wherever two of its deliveries are killed',
  { timeout: 600_000 },
  async (kind) => {
    const results = await crashPairs(realm, kind);

    expect(results.length).toBeGreaterThan(300);
    expect(results.filter(({ problems }) => problems.length > 0)).toEqual([]);
    const statuses = Map.groupBy(results, (result) => result.statuses.join());
    process.stdout.write(
      `${kind}: ${[...statuses].map(([name, { length }]) => `${length} ${name}`).join(', ')}\n`,
    );
  },
);
