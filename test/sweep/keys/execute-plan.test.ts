import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { ApiKey, ServiceUserListing } from '../../../lib/clients/devin-shapes.ts';
import type { LeakReport } from '../../../lib/domain/report.ts';
import type { SweepDeps } from '../../../lib/sweep/keys/deps.ts';
import { executePlan } from '../../../lib/sweep/keys/execute-plan.ts';
import type { Block } from '../../../lib/sweep/keys/guardrails.ts';
import { type KillSwitch, killSwitch, type SwitchState } from '../../../lib/sweep/keys/kill-switch.ts';
import { type Entry, type Page, Start, type Summary } from '../../../lib/sweep/keys/plan.ts';
import { planStore } from '../../../lib/sweep/keys/plan-store.ts';
import type { Continuation } from '../../../lib/sweep/keys/read-order.ts';
import { captureOutput, type Output } from '../../support/load-handler.ts';
import { memoryBucket } from '../../support/memory-bucket.ts';

// A plan that is stored, and carried out later: each guard that stands then, by itself.

const DAY = 86_400;
const PLAN = '20261123T030000Z-00000000';
const USER = 'service-user-a';
const now = () => Math.floor(Date.now() / 1_000);

let output: Output;
beforeEach(() => {
  output = captureOutput();
});
afterEach(() => {
  vi.useRealTimers();
  output.restore();
});

const idle = (): ApiKey => ({
  api_key_id: 'key-a',
  api_key_name: 'ci',
  created_at: now() - 400 * DAY,
  expires_at: null,
  revoked_at: null,
  last_used_at: now() - 300 * DAY,
  is_active: true,
});

const entryOf = ({ api_key_id, api_key_name, created_at, last_used_at }: ApiKey): Entry => ({
  service_user_id: USER,
  service_user_name: 'robot',
  api_key_id,
  api_key_name,
  created_at,
  expires_at: null,
  last_used_at,
  decision: 'revoke',
  rule: 'max_idle',
});

interface Given {
  /** The stored decision, if any. */
  readonly summary?: Partial<Summary> | 'none';
  readonly isReleased?: boolean;
  /** What the listing shows by now. */
  readonly key?: Partial<ApiKey>;
  readonly deps?: Partial<SweepDeps>;
  readonly startedAt?: number;
  /** More entries of the plan's page, of the same service user. */
  readonly entries?: readonly Partial<Entry>[];
  /** What differs in each page of the plan; it has one unless this says otherwise. */
  readonly pages?: readonly Partial<Page>[];
  /** The page was carried out before. */
  readonly isActed?: boolean;
  /** Which attempt at the first page it is. */
  readonly attempt?: number;
  /** A later invocation can continue. */
  readonly isChained?: boolean;
  readonly stop?: KillSwitch;
}

async function execute({
  attempt = 1,
  deps = {},
  entries = [],
  isActed,
  isChained,
  isReleased,
  key,
  pages = [{}],
  startedAt = Date.now(),
  stop,
  summary,
}: Given = {}) {
  const { firstName, store } = memoryBucket();
  const plans = planStore(store, firstName, Date.now() + 10_000);
  const policy = { maxIdleDays: 90, warnDays: [], exempt: [] };
  const start = Start.parse({
    version: 1,
    plan_id: PLAN,
    started_at: startedAt,
    mode: 'enforce',
    policy,
    caps: { maxRevocations: 25, maxRatio: 1 },
    own: ['service-user-own'],
  });
  const planned = idle();
  const entry = entryOf(planned);
  const totals = { users: 2, keys: 2, active: 2, revoke: 1, warn: 0, rules: { max_idle: 1 } };
  const page: Page = {
    version: 1,
    plan_id: PLAN,
    page: 1,
    next: null,
    totals,
    skew_seconds: 0,
    unlisted: 0,
    earlier_cursor: null,
    seen: [],
    exempt_unused: [],
    entries: [entry, ...entries.map((other) => ({ ...entry, ...other }))],
  };
  for (const [at, other] of pages.entries()) {
    await plans.putPageIfAbsent('pages', { ...page, page: at + 1, ...other });
  }
  if (summary !== 'none') {
    await plans.putIfAbsent('summary', {
      version: 1,
      plan_id: PLAN,
      started_at: startedAt,
      decided_at: startedAt,
      mode: 'enforce',
      verdict: 'enforce',
      pages: pages.length,
      totals,
      blocks: [],
      exempt_unused: [],
      invoked_by: 'schedule',
      ...summary,
    });
  }
  if (isReleased) {
    await plans.putIfAbsent('release', {
      version: 1,
      plan_id: PLAN,
      released_at: startedAt,
      reason: 'it is right',
    });
  }
  if (isActed) {
    await plans.putPageIfAbsent('acted', { version: 1, plan_id: PLAN, page: 1, queued: [], left: [] });
  }
  const sent: LeakReport[] = [];
  const continued: Continuation[] = [];
  const result = await executePlan(
    start,
    { page: 1, attempt },
    {
      devin: {
        listServiceUsers: async () => ({
          ok: true,
          users: [{ service_user_id: USER, name: 'robot' }],
          next: null,
          total: 1,
          date: Date.now(),
        }),
        listKeys: async () => ({ ok: true, keys: [{ ...planned, ...key }] }),
      },
      plans,
      killSwitch: stop ?? killSwitch(store, firstName),
      ownServiceUsers: async () => ['service-user-own'],
      settings: { mode: 'enforce', policy, caps: start.caps },
      send: async (report) => void sent.push(report),
      ...(isChained && { enqueueContinuation: async (next) => void continued.push(next) }),
      notify: async () => true,
      notifyOwner: async () => true,
      pageUsers: 100,
      planDays: 7,
      dryRun: false,
      requestId: 'request',
      deadline: Date.now() + 60_000,
      ...deps,
    },
  ).catch((error: Error) => ({ status: 'thrown' as const, message: error.message }));
  const acted = await plans.findPage('acted', PLAN, 1);
  const left = acted?.left ?? [];
  return { result, sent: sent.map(({ leak }) => leak), reports: sent, left, acted, continued };
}

const revoked = [{ kind: 'key', service_user_id: USER, api_key_id: 'key-a' }];
const blocks = (...guards: Block['guard'][]) => guards.map((guard) => ({ guard, reason: guard }));

test('a plan within the limits is carried out', async () => {
  expect(await execute()).toMatchObject({
    result: { status: 'enforced', queued: 1, left: 0 },
    sent: revoked,
  });
});

test('a revocation is a report of its own, which is not acted on after a day', async () => {
  const before = Date.now();
  const { reports } = await execute();

  expect(reports).toEqual([
    {
      version: 1,
      report_id: `sweep/${PLAN}/${USER}/key-a`,
      detector: 'sweep',
      invoked_by: 'schedule',
      reported_at: expect.any(Number),
      seen_at: expect.any(Number),
      act_before: expect.any(Number),
      due_while: { last_used_at: idle().last_used_at },
      leak: { kind: 'key', service_user_id: USER, api_key_id: 'key-a' },
      reason: `the key was not used for longer than SWEEP_MAX_IDLE_DAYS allows; plan ${PLAN}`,
    },
  ]);
  const waits = (reports[0]?.act_before ?? 0) - before;
  expect(waits).toBeGreaterThanOrEqual(DAY * 1_000);
  expect(waits).toBeLessThan(DAY * 1_000 + 60_000);
});

test('a plan that a person released is reported as of the console', async () => {
  expect(await execute({ isReleased: true })).toMatchObject({
    result: { status: 'released' },
    reports: [{ invoked_by: 'console' }],
  });
});

test('a page that was carried out before is not carried out again', async () => {
  expect(await execute({ isActed: true })).toMatchObject({ result: { queued: 0, left: 0 }, sent: [] });
});

describe('a plan of two pages', () => {
  const none: Partial<Page> = { entries: [] };

  test('is carried out page by page, and logged with what was queued', async () => {
    const { result, sent } = await execute({ pages: [{}, {}] });

    expect(result).toMatchObject({ status: 'enforced', queued: 2, left: 0 });
    expect(sent).toEqual([...revoked, ...revoked]);
    expect(output.entries()).toContainEqual(
      expect.objectContaining({ message: 'sweep carried out', plan_id: PLAN, queued: 2, left: 0 }),
    );
  });

  test.each([
    ['goes on later before its second page when less than 20 s are left', 19_999, 1],
    ['carries out its first page however little time is left', -1, 1],
    ['goes on with its second page when 20 s are left', 20_000, 2],
  ])('%s', async (_, left, pages) => {
    vi.useFakeTimers({ now: Date.now(), toFake: ['Date'] });
    const deps = { deadline: Date.now() + left };
    const { continued, result, sent } = await execute({ pages: [{}, {}], deps, isChained: true });

    expect(sent).toHaveLength(pages);
    expect(result).toMatchObject({ status: pages === 1 ? 'unfinished' : 'enforced' });
    const second = { version: 1, plan_id: PLAN, phase: 'act', page: 2, attempt: 1 };
    expect(continued).toEqual(pages === 1 ? [second] : []);
  });

  test('looks for the service users of each page where the plan found them', async () => {
    const asked: (string | null)[] = [];
    const deadlines = new Set<number>();
    const deadline = Date.now() + 60_000;
    const list = (next: string | null): SweepDeps['devin'] => ({
      listServiceUsers: async (cursor, options) => {
        asked.push(cursor);
        deadlines.add(options.deadline);
        return { ...LISTED, next };
      },
      listKeys: async () => ({ ok: true, keys: [idle()] }),
    });
    await execute({ pages: [{ ...none, next: 'cursor-1' }, {}], deps: { devin: list(null), deadline } });
    await execute({ pages: [{ next: 'cursor-1' }, none], deps: { devin: list('cursor-1'), deadline } });

    expect(asked).toEqual(['cursor-1', null]);
    expect([...deadlines]).toEqual([deadline]);
  });

  test('leaves no note of a page that revokes nothing', async () => {
    const spared = { ...entryOf(idle()), decision: 'warn', rule: 'expires_soon' } as const;
    const { acted, result } = await execute({ pages: [{ entries: [spared] }, {}] });

    expect(acted).toBeUndefined();
    expect(result).toMatchObject({ status: 'enforced', queued: 1 });
  });

  test('that revokes nothing is not read', async () => {
    const totals = { users: 1, keys: 1, active: 1, revoke: 0, warn: 0, rules: {} };

    expect(await execute({ summary: { pages: 2, totals } })).toMatchObject({
      result: { status: 'enforced', queued: 0, left: 0 },
    });
  });
});

describe('a page that the kill switch interrupts', () => {
  const running = { state: 'running' } as const;
  const stopped = { state: 'stopped' } as const;
  const unknown = { state: 'unknown', reason: 'HTTP 503' } as const;
  /** Answers with these states, one after the other, and with the last one from then on. */
  const answering = (...states: SwitchState[]): KillSwitch => ({
    read: async () => (states.length > 1 ? states.shift() : states[0]) ?? expect.fail('no state'),
    set: async () => {},
  });
  const lifted = 'the kill switch was set, and lifted again';

  test.each<[string, Given, object, Partial<Continuation>[]]>([
    [
      'is tried again when the switch cannot be read',
      { stop: answering(unknown) },
      { status: 'unfinished' },
      [{ phase: 'act', page: 1, attempt: 2 }],
    ],
    [
      'is tried again when the switch was lifted meanwhile',
      { stop: answering(stopped, running), attempt: 3 },
      { status: 'unfinished' },
      [{ phase: 'act', page: 1, attempt: 4 }],
    ],
    [
      'is tried again as often as any when it is the second one',
      { stop: answering(running, unknown), attempt: 3, pages: [{}, {}] },
      { status: 'unfinished' },
      [{ phase: 'act', page: 2, attempt: 2 }],
    ],
    [
      'is not tried again while sweeps are stopped',
      { stop: answering(stopped) },
      { status: 'stopped', plan_id: PLAN, reason: 'sweeps are stopped' },
      [],
    ],
    [
      'is not tried for a sixth time',
      { stop: answering(unknown), attempt: 5 },
      { status: 'stopped', plan_id: PLAN, reason: 'HTTP 503' },
      [],
    ],
    [
      'is not tried again without a further invocation',
      { stop: answering(stopped, running), isChained: false },
      { status: 'stopped', plan_id: PLAN, reason: lifted },
      [],
    ],
  ])('%s', async (_, given, result, next) => {
    const found = await execute({ isChained: true, ...given });

    expect(found).toMatchObject({ result, continued: next });
    expect(found.continued).toHaveLength(next.length);
    expect(found.acted).toEqual(given.pages && expect.anything());
  });
});

test.each<[string, Given]>([
  ['that was not decided', { summary: 'none' }],
  ['that was not decided, though it was released', { summary: 'none', isReleased: true }],
  ['that is blocked', { summary: { verdict: 'blocked', blocks: [{ guard: 'cap', reason: 'cap' }] } }],
  ['that only reports', { summary: { verdict: 'report' } }],
])('a plan %s is refused', async (_, given) => {
  const message = expect.stringContaining('the plan is neither within the limits nor released');

  expect(await execute(given)).toMatchObject({ result: { status: 'thrown', message }, sent: [] });
});

test('no key is revoked that the plan does not revoke, though it is due by now', async () => {
  const others = [{ decision: 'warn' as const }, { decision: 'keep' as const }];

  expect((await execute({ entries: others })).sent).toEqual(revoked);
});

describe('a plan that is blocked', () => {
  test.each<[string, Summary['blocks'], boolean]>([
    ['by its cap is carried out once a person released it', blocks('cap'), true],
    ['by a listing that broke off is not, whoever released it', blocks('listing'), false],
    ['by a clock that is off is not, whoever released it', blocks('cap', 'clock'), false],
    ['by keys of ours that are not known is not, whoever released it', blocks('own_key'), false],
    ['by a plan before it that cannot be read is not, whoever released it', blocks('previous'), false],
  ])('%s', async (_, found, isCarriedOut) => {
    const given = { summary: { verdict: 'blocked', blocks: found }, isReleased: true } as const;

    expect((await execute(given)).sent).toEqual(isCarriedOut ? revoked : []);
    expect((await execute({ ...given, isReleased: false })).sent).toEqual([]);
  });
});

describe('a plan that is carried out', () => {
  test('leaves a key whose service user became ours after it', async () => {
    const { result, sent } = await execute({ deps: { ownServiceUsers: async () => [USER] } });

    expect(sent).toEqual([]);
    expect(result).toMatchObject({ queued: 0, left: 1 });
  });

  test('acts on nothing while our own service users are not known', async () => {
    const { result, sent } = await execute({ deps: { ownServiceUsers: async () => undefined } });

    const reason = 'it is not known which key is the one that we ourselves use';
    expect(sent).toEqual([]);
    expect(result).toMatchObject({ status: 'blocked', blocks: [{ guard: 'own_key', reason }] });
    expect(output.entries()).toEqual([
      expect.objectContaining({ SweepBlocked: 1, job: 'sweep-keys' }),
      expect.objectContaining({ level: 'error', message: 'sweep blocked', plan_id: PLAN, reason }),
    ]);
  });

  test.each<[string, Awaited<ReturnType<KillSwitch['read']>>]>([
    ['is set', { state: 'stopped' }],
    ['cannot be read', { state: 'unknown', reason: 'HTTP 503' }],
  ])('stops before a key while the kill switch %s', async (_, state) => {
    const { result, sent } = await execute({ stop: { read: async () => state, set: async () => {} } });

    expect(sent).toEqual([]);
    expect(result).toMatchObject({ status: 'stopped' });
  });

  test('stops when the kill switch cannot be read for one key, though a slower answer for another says run', async () => {
    const slow = new Promise<void>((resolve) => setTimeout(resolve, 50));
    let reads = 0;
    const read: KillSwitch['read'] = async () => {
      reads += 1;
      if (reads !== 1) return { state: 'unknown', reason: 'HTTP 503' };
      await slow;
      return { state: 'running' };
    };
    const keys = ['key-a', 'key-b'].map((api_key_id) => ({ ...idle(), api_key_id }));
    const devin = {
      listServiceUsers: async () => LISTED,
      listKeys: async () => ({ ok: true, keys }) as const,
    };

    const { result, sent } = await execute({
      entries: [{ api_key_id: 'key-b' }],
      deps: { devin },
      stop: { read, set: async () => {} },
    });

    expect(result).toMatchObject({ status: 'stopped' });
    expect(sent.length).toBeLessThanOrEqual(1);
  });

  test.each<[string, Partial<ApiKey>]>([
    ['was used meanwhile', { last_used_at: now() }],
    ['was revoked meanwhile', { is_active: false, revoked_at: now() }],
    ['has another age', { created_at: 1 }],
    ['has another end', { expires_at: now() + DAY }],
    ['is due by another rule', { is_active: false }],
    ['has another id', { api_key_id: 'key-b' }],
  ])('leaves a key that %s', async (_, key) => {
    const { result, sent } = await execute({ key });

    expect(sent).toEqual([]);
    expect(result).toMatchObject({ queued: 0, left: 1 });
  });

  test.each<[string, Partial<SweepDeps>]>([
    [
      'is not listed any more',
      { devin: { listServiceUsers: async () => ({ ...LISTED, users: [] }), listKeys: async () => NONE } },
    ],
    [
      'cannot be listed',
      {
        devin: {
          listServiceUsers: async () => REFUSED,
          listKeys: async () => ({ ok: true, keys: [idle()] }),
        },
      },
    ],
    [
      'has keys that cannot be listed',
      { devin: { listServiceUsers: async () => LISTED, listKeys: async () => REFUSED } },
    ],
  ])('leaves the key of a service user that %s', async (_, deps) => {
    const { left, result, sent } = await execute({ deps });

    expect(sent).toEqual([]);
    expect(result).toMatchObject({ status: 'enforced', queued: 0, left: 1 });
    expect(left).toEqual([{ service_user_id: USER, api_key_id: 'key-a', reason: expect.any(String) }]);
  });

  test('queues nothing in a dry run, nor when sweeps report by now', async () => {
    const settings = {
      policy: { maxIdleDays: 90, warnDays: [], exempt: [] },
      caps: { maxRevocations: 1, maxRatio: 1 },
    };

    expect((await execute({ deps: { dryRun: true } })).result).toMatchObject({ status: 'rehearsed' });
    expect((await execute({ isReleased: true, deps: { dryRun: true } })).sent).toEqual([]);
    expect((await execute({ deps: { settings: { ...settings, mode: 'report' } } })).sent).toEqual([]);
  });

  test('is carried out when it is just a week old', async () => {
    vi.useFakeTimers({ now: Date.now(), toFake: ['Date'] });

    expect((await execute({ startedAt: Date.now() - 7 * DAY * 1_000 })).sent).toEqual(revoked);
  });

  test('is refused when it is over a week old', async () => {
    const { result, sent } = await execute({ startedAt: Date.now() - 8 * DAY * 1_000 });

    expect(sent).toEqual([]);
    expect(result).toMatchObject({ status: 'thrown', message: expect.stringContaining('8 days old') });
  });
});

const LISTED: ServiceUserListing = {
  ok: true,
  users: [{ service_user_id: USER, name: 'robot' }],
  next: null,
  total: 1,
  date: undefined,
};
const NONE = { ok: true, keys: [] } as const;
const REFUSED = { ok: false, reason: 'HTTP 503', retryable: true } as const;
