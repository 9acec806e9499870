import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { decidePlan, summaryText } from '../../../lib/sweep/keys/decide-plan.ts';
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
  /** The last page that was made, if any. */
  readonly page?: Partial<Page> | 'none';
  readonly broken?: string;
  readonly own?: string[];
  readonly caps?: Start['caps'];
  readonly previous?: PlanStore['findPrevious'];
  /** The notification does not go out. */
  readonly isUnheard?: boolean;
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
  const last = given.page === 'none' ? undefined : { ...PAGE, ...given.page };
  const summary = await decidePlan(start, last, given.broken, {
    plans: {
      ...plans,
      ...(given.previous && { findPrevious: given.previous }),
      addToIndex: async ({ plan_id }) => void indexed.push(plan_id),
    },
    notify: async (subject) => told.push(subject) > 0 && given.isUnheard !== true,
  });
  const blocks = summary.blocks.map(({ guard }) => guard);
  return { verdict: summary.verdict, blocks, told, indexed, summary };
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
        summary: expect.anything(),
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

  test('without a page is blocked by its listing alone', async () => {
    const { blocks, summary } = await decide('enforce', { page: 'none', broken: 'HTTP 503' });

    expect(blocks).toEqual(['listing']);
    expect(summary).toMatchObject({ pages: 0, totals: NOTHING, exempt_unused: [] });
  });

  test('whose listing broke off does not show what an exemption matches', async () => {
    const page = { page: 3, exempt_unused: ['typo'] };
    const { blocks, summary } = await decide('enforce', { page, broken: 'HTTP 503' });

    expect(blocks).toEqual(['listing']);
    expect(summary).toMatchObject({ pages: 3, exempt_unused: [] });
  });

  test('with an exemption that matches nothing is blocked, and one that revokes nothing is not', async () => {
    const page = { exempt_unused: ['typo'] };
    const harmless = { ...page, totals: { ...PAGE.totals, revoke: 0 } };

    expect(await decide('enforce', { page })).toMatchObject({ verdict: 'blocked', blocks: ['exempt'] });
    expect(await decide('enforce', { page: harmless })).toMatchObject({ verdict: 'enforce', blocks: [] });
  });

  test('of which most service users have no keys that are found is blocked', async () => {
    const totals = { ...PAGE.totals, users: 41, keys: 20, active: 20 };

    expect((await decide('enforce', { page: { totals, unlisted: 21 } })).blocks).toEqual(['listing']);
    expect((await decide('enforce', { page: { totals, unlisted: 20 } })).blocks).toEqual([]);
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

describe('what people are told', () => {
  const counts = () =>
    output
      .entries()
      .filter(({ job }) => job === 'sweep-keys')
      .flatMap((entry) =>
        Object.entries(entry).filter(
          ([name, value]) => name.startsWith('Sweep') && typeof value === 'number',
        ),
      );

  test('of a blocked plan is a mail, an error and the metric of the alarm', async () => {
    const { told } = await decide('enforce', { broken: 'HTTP 503' });

    expect(told).toEqual([`sweep ${PLAN}: blocked`]);
    expect(Object.fromEntries(counts())).toEqual({
      SweepPlanned: 1,
      SweepRevocations: 1,
      SweepWarnings: 0,
      SweepBlocked: 1,
    });
    expect(output.entries()).toContainEqual(
      expect.objectContaining({
        level: 'error',
        message: 'sweep planned',
        verdict: 'blocked',
        blocks: ['the listing broke off: HTTP 503'],
      }),
    );
  });

  test('that did not go out is counted', async () => {
    await decide('enforce', { isUnheard: true });

    expect(Object.fromEntries(counts())).toMatchObject({ SweepNotNotified: 1 });
  });

  test('of a plan that revokes something is a mail, and of one that does not is nothing', async () => {
    expect((await decide('enforce', {})).told).toEqual([`sweep ${PLAN}: enforce`]);
    expect((await decide('enforce', { page: { totals: { ...PAGE.totals, revoke: 0 } } })).told).toEqual([]);
    expect(Object.fromEntries(counts())).not.toHaveProperty('SweepBlocked');
    const logged = output.entries().filter(({ level }) => level !== undefined);
    expect(logged.map(({ level, message }) => [level, message])).toEqual([
      ['info', 'sweep planned'],
      ['info', 'sweep planned'],
    ]);
  });

  test('names exemptions that match nothing', async () => {
    await decide('report', { page: { exempt_unused: ['typo'] } });

    expect(output.entries()).toContainEqual(
      expect.objectContaining({ level: 'warn', message: 'exemptions that match no key', ids: ['typo'] }),
    );
  });

  const summary = (given: Partial<Summary> = {}): Summary => ({
    version: 1,
    plan_id: PLAN,
    started_at: 0,
    decided_at: 0,
    mode: 'enforce',
    verdict: 'enforce',
    pages: 1,
    totals: { users: 5, keys: 10, active: 8, revoke: 2, warn: 3, rules: { expired: 2, valid: 8 } },
    blocks: [],
    exempt_unused: [],
    invoked_by: 'schedule',
    ...given,
  });
  const would = 'would be revoked';
  const line = (what: string) => `10 keys of 5 service users, 8 of them active; 2 ${what}, 3 get a warning.`;
  const rules = ['  expired: 2', '  valid: 8'];
  const release = `To carry out exactly this plan, invoke the sweep-keys function with {"release": "${PLAN}"}.`;
  const cap = { guard: 'cap', reason: '2 revocations, over the cap of 1' } as const;
  const clock = { guard: 'clock', reason: 'our clock is off' } as const;

  test.each<[string, Partial<Summary>, string[]]>([
    [
      'is carried out',
      {},
      [`Plan ${PLAN} (mode enforce): enforce`, line('are queued to be revoked'), ...rules],
    ],
    [
      'is reported can be released',
      { mode: 'report', verdict: 'report' },
      [`Plan ${PLAN} (mode report): report`, line(would), ...rules, release],
    ],
    [
      'is over a limit can be released',
      { verdict: 'blocked', blocks: [cap] },
      [
        `Plan ${PLAN} (mode enforce): blocked`,
        line(would),
        ...rules,
        `Guard rail: ${cap.reason}.`,
        'Nothing was revoked.',
        release,
      ],
    ],
    [
      'cannot be trusted cannot be released',
      { verdict: 'blocked', blocks: [cap, clock] },
      [
        `Plan ${PLAN} (mode enforce): blocked`,
        line(would),
        ...rules,
        `Guard rail: ${cap.reason}.`,
        `Guard rail: ${clock.reason}.`,
        'Nothing was revoked.',
      ],
    ],
    [
      'revokes something names the exemptions that match nothing in its guard rail alone',
      { exempt_unused: ['typo'] },
      [`Plan ${PLAN} (mode enforce): enforce`, line('are queued to be revoked'), ...rules],
    ],
    [
      'revokes nothing has nothing to release',
      { verdict: 'report', totals: { ...NOTHING, keys: 1 } },
      [
        `Plan ${PLAN} (mode enforce): report`,
        '1 keys of 0 service users, 0 of them active; 0 would be revoked, 0 get a warning.',
      ],
    ],
    [
      'revokes nothing names the exemptions that match nothing, and needs no release',
      { verdict: 'report', totals: { ...NOTHING, keys: 1 }, exempt_unused: ['typo', 'gone'] },
      [
        `Plan ${PLAN} (mode enforce): report`,
        '1 keys of 0 service users, 0 of them active; 0 would be revoked, 0 get a warning.',
        'SWEEP_EXEMPT matches no service user and no key with: typo, gone.',
      ],
    ],
  ])('of a plan that %s', (_, given, lines) => {
    expect(summaryText(summary(given)).split('\n')).toEqual(lines);
  });

  test.each([
    [7, ['surge']],
    [6, []],
  ])('of a plan of %i revocations after one of 2 names the one before: %j', async (revoke, blocks) => {
    const before = summary({ totals: { ...NOTHING, keys: 10, active: 8, revoke: 2 } });
    const given = {
      page: { totals: { ...PAGE.totals, active: 100, revoke } },
      previous: async () => before,
    };
    const decided = await decide('enforce', given);

    expect(decided.blocks).toEqual(blocks);
    expect(decided.summary.previous).toEqual({ plan_id: PLAN, revoke: 2 });
  });

  test('of a plan without one before, or without one that can be read, names none', async () => {
    const unreadable = () => Promise.reject(new PlanStoreError('HTTP 503'));

    expect((await decide('enforce', {})).summary).not.toHaveProperty('previous');
    expect((await decide('enforce', { previous: unreadable })).summary).not.toHaveProperty('previous');
  });

  test('does not hide a store that fails otherwise', async () => {
    const previous = () => Promise.reject(new TypeError('a bug'));
    await expect(decide('enforce', { previous })).rejects.toThrow('a bug');
  });
});
