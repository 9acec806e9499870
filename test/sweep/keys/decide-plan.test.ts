import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { decidePlan } from '../../../lib/sweep/keys/decide-plan.ts';
import { NOTHING } from '../../../lib/sweep/keys/guardrails.ts';
import { type Page, Start, type Summary } from '../../../lib/sweep/keys/plan.ts';
import { type PlanStore, PlanStoreError, planStore } from '../../../lib/sweep/keys/plan-store.ts';
import { captureOutput, type Output } from '../../support/load-handler.ts';
import { memoryBucket } from '../../support/memory-bucket.ts';

const PLAN = '20261123T030000Z-00000000';
let output: Output;
beforeEach(() => {
  output = captureOutput();
});
afterEach(() => output.restore());

const PAGE: Page = {
  version: 1,
  plan_id: PLAN,
  page: 1,
  next: null,
  totals: { ...NOTHING, users: 10, keys: 10, active: 10, revoke: 1 },
  skew_seconds: 0,
  unlisted: 0,
  earlier_cursor: null,
  seen: [],
  exempt_unused: [],
  entries: [],
};

interface Given {
  readonly page?: Partial<Page>;
  readonly broken?: string;
  readonly own?: string[];
  readonly caps?: Start['caps'];
  readonly previous?: PlanStore['findPrevious'];
}

async function decide(mode: Start['mode'], given: Given) {
  const { firstName, store } = memoryBucket();
  const plans = planStore(store, firstName, Date.now() + 10_000);
  const start = Start.parse({
    version: 1,
    plan_id: PLAN,
    started_at: Date.now(),
    mode,
    policy: { warnDays: [], exempt: [] },
    caps: given.caps ?? { maxRevocations: 25, maxRatio: 1 },
    own: given.own ?? ['service-user-own'],
  });
  const told: string[] = [];
  const indexed: string[] = [];
  const summary = await decidePlan(start, { ...PAGE, ...given.page }, given.broken, {
    plans: {
      ...plans,
      ...(given.previous && { findPrevious: given.previous }),
      addToIndex: async ({ plan_id }) => void indexed.push(plan_id),
    },
    notify: async (subject) => told.push(subject) > 0,
  });
  return { verdict: summary.verdict, blocks: summary.blocks.map(({ guard }) => guard), told, indexed };
}

const doubtful: [string, Given, Summary['blocks'][number]['guard']][] = [
  ['whose listing broke off', { broken: 'HTTP 503' }, 'listing'],
  [
    'whose listing broke off with nothing to revoke',
    { broken: 'HTTP 503', page: { totals: NOTHING } },
    'listing',
  ],
  ['made without knowing our own keys', { own: [] }, 'own_key'],
  ['made by a clock that is off', { page: { skew_seconds: 301 } }, 'clock'],
  ['made by a clock that is not known', { page: { skew_seconds: null } }, 'clock'],
  [
    'after one that cannot be read',
    { previous: () => Promise.reject(new PlanStoreError('HTTP 503')) },
    'previous',
  ],
];

describe('a plan', () => {
  test.each(doubtful)('%s is blocked in every mode', async (_, given, guard) => {
    for (const mode of ['report', 'enforce'] as const) {
      expect(await decide(mode, given)).toEqual({
        verdict: 'blocked',
        blocks: [guard],
        told: [`sweep ${PLAN}: blocked`],
        // The next plan is not compared with it.
        indexed: [],
      });
    }
  });

  test('over a limit is blocked, or reported in report mode', async () => {
    const caps = { maxRevocations: 0, maxRatio: 1 };

    expect(await decide('enforce', { caps })).toMatchObject({ verdict: 'blocked', indexed: [PLAN] });
    expect(await decide('report', { caps })).toMatchObject({ verdict: 'report', blocks: ['cap'] });
  });

  test('within the limits is enforced, or reported in report mode', async () => {
    expect(await decide('enforce', {})).toMatchObject({ verdict: 'enforce', blocks: [], indexed: [PLAN] });
    expect(await decide('report', {})).toMatchObject({ verdict: 'report', blocks: [] });
  });

  test('that was decided is not decided again', async () => {
    const { firstName, store } = memoryBucket();
    const plans = planStore(store, firstName, Date.now() + 10_000);
    const start = Start.parse({
      version: 1,
      plan_id: PLAN,
      started_at: Date.now(),
      mode: 'enforce',
      policy: { warnDays: [], exempt: [] },
      caps: { maxRevocations: 25, maxRatio: 1 },
      own: ['service-user-own'],
    });
    const notify = async () => true;
    const first = await decidePlan(start, PAGE, 'HTTP 503', { plans, notify });

    expect(await decidePlan(start, PAGE, undefined, { plans, notify })).toEqual(first);
    expect(first.verdict).toBe('blocked');
  });
});
