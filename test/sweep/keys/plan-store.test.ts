import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { AuditStore } from '../../../lib/aws/write-once-bucket.ts';
import type { RetryOptions } from '../../../lib/platform/retry.ts';
import { NOTHING } from '../../../lib/sweep/keys/guardrails.ts';
import type { Acted, Page, Release, Start, Summary } from '../../../lib/sweep/keys/plan.ts';
import { type PlanStore, planStore, readPage, readPlan } from '../../../lib/sweep/keys/plan-store.ts';
import { memoryBucket } from '../../support/memory-bucket.ts';

const PLAN = '20261123T030000Z-00000000';
const NOW = Date.parse('2026-11-23T03:00:00Z');

beforeEach(() => {
  vi.useFakeTimers({ now: NOW, toFake: ['Date'] });
});
afterEach(() => {
  vi.useRealTimers();
});

const START: Start = {
  version: 1,
  plan_id: PLAN,
  started_at: NOW,
  invoked_by: 'schedule',
  mode: 'report',
  policy: { warnDays: [], exempt: [] },
  caps: { maxRevocations: 25, maxRatio: 0.2 },
  own: [],
};
const summaryOf = (plan_id: string, started_at: number): Summary => ({
  version: 1,
  plan_id,
  started_at,
  decided_at: started_at,
  mode: 'report',
  verdict: 'report',
  pages: 1,
  totals: NOTHING,
  blocks: [],
  exempt_unused: [],
  invoked_by: 'schedule',
});
const SUMMARY = summaryOf(PLAN, NOW);
const RELEASE: Release = { version: 1, plan_id: PLAN, released_at: NOW, reason: 'looked at' };
const PAGE: Page = {
  version: 1,
  plan_id: PLAN,
  page: 12,
  next: null,
  totals: NOTHING,
  skew_seconds: 0,
  unlisted: 0,
  earlier_cursor: null,
  seen: [],
  exempt_unused: [],
  entries: [],
};
const ACTED: Acted = { version: 1, plan_id: PLAN, page: 12, queued: [], left: [] };

type Answers = Partial<Record<'put' | 'get' | 'list', 'down'>>;

/** A store of plans, the bucket below it, and how each call may be repeated. */
function open(answers: Answers = {}, deadline = NOW + 60_000) {
  const bucket = memoryBucket((name) => answers[name] === 'down');
  const paths: string[] = [];
  const retries: RetryOptions[] = [];
  const store: AuditStore = {
    put: (path, record, retry) => {
      paths.push(path);
      retries.push(retry);
      return bucket.store.put(path, record, retry);
    },
    get: (path, retry) => {
      retries.push(retry);
      return bucket.store.get(path, retry);
    },
  };
  const firstName: typeof bucket.firstName = (keys, retry) => {
    retries.push(retry);
    return bucket.firstName(keys, retry);
  };
  return { bucket, paths, retries, plans: planStore(store, firstName, deadline) };
}

type Row = [
  string,
  (plans: PlanStore) => Promise<unknown>,
  (plans: PlanStore) => Promise<unknown>,
  unknown,
  string,
];
const rows: Row[] = [
  [
    'start',
    (plans) => plans.putIfAbsent('start', START),
    (plans) => plans.find('start', PLAN),
    START,
    `plans/${PLAN}/start.json`,
  ],
  [
    'decision',
    (plans) => plans.putIfAbsent('summary', SUMMARY),
    (plans) => plans.find('summary', PLAN),
    SUMMARY,
    `plans/${PLAN}/summary.json`,
  ],
  [
    'release',
    (plans) => plans.putIfAbsent('release', RELEASE),
    (plans) => plans.find('release', PLAN),
    RELEASE,
    `plans/${PLAN}/release.json`,
  ],
  [
    'page',
    (plans) => plans.putPageIfAbsent('pages', PAGE),
    (plans) => plans.findPage('pages', PLAN, 12),
    PAGE,
    `plans/${PLAN}/pages/000012.json`,
  ],
  [
    'page that was carried out',
    (plans) => plans.putPageIfAbsent('acted', ACTED),
    (plans) => plans.findPage('acted', PLAN, 12),
    ACTED,
    `plans/${PLAN}/acted/000012.json`,
  ],
];

describe('of a plan, its', () => {
  test.each(rows)('%s is stored, and found again', async (_, put, find, value, path) => {
    const { paths, plans } = open();

    expect(await find(plans)).toBeUndefined();
    expect(await put(plans)).toEqual(value);
    expect(await find(plans)).toEqual(value);
    expect(paths).toEqual([path]);
  });

  test.each(rows)('%s that is not stored, or not read, throws', async (_, put, find) => {
    await expect(put(open({ put: 'down' }).plans)).rejects.toThrow('HTTP 503');
    await expect(find(open({ get: 'down' }).plans)).rejects.toThrow('the plan cannot be read (HTTP 503)');
  });

  test.each(rows)(
    '%s that is not readable throws, and is not stored anew',
    async (_, put, find, _v, path) => {
      const { bucket, plans } = open();
      await bucket.store.put(path, { version: 2 }, { deadline: NOW });

      await expect(find(plans)).rejects.toMatchObject({
        name: 'PlanStoreError',
        code: 'plan_store',
        message: `${path} is not readable`,
      });
      await expect(put(plans)).rejects.toThrow(`${path} is not readable`);
    },
  );
});

test('what is stored stands: whoever comes later gets it', async () => {
  const { plans } = open();
  await plans.putIfAbsent('summary', SUMMARY);

  expect(await plans.putIfAbsent('summary', { ...SUMMARY, verdict: 'enforce' })).toEqual(SUMMARY);
});

test('what exists and is not found throws', async () => {
  const store: AuditStore = {
    put: async () => ({ result: 'exists' }),
    get: async () => ({ ok: true, text: undefined }),
  };
  const plans = planStore(store, open().bucket.firstName, NOW);

  await expect(plans.putIfAbsent('start', START)).rejects.toThrow('start.json exists and cannot be found');
});

test.each([
  ['all the time of the invocation', 60_000, 60_000],
  ['3 s when little time is left', 1_000, 3_000],
])('each call has %s, and six attempts', async (_, left, given) => {
  const { plans, retries } = open({}, NOW + left);
  await plans.putIfAbsent('start', START);
  await plans.find('start', PLAN);
  await plans.findPrevious(NOW);
  await plans.hasNote('warnings/a.json');

  expect(retries).toEqual(Array(4).fill({ deadline: NOW + given, attempts: 6 }));
});

describe('the previous plan', () => {
  const at = (hours: number, hash = '00000000'): Summary => {
    const started = NOW + hours * 3_600_000;
    const second = new Date(started).toISOString().slice(0, 19).replaceAll(/[-:]/g, '');
    return summaryOf(`${second}Z-${hash}`, started);
  };
  const indexed = async (plans: PlanStore, ...summaries: Summary[]): Promise<void> => {
    for (const summary of summaries) {
      await plans.putIfAbsent('summary', summary);
      await plans.addToIndex(summary);
    }
  };

  test('is the last one that was begun before', async () => {
    const { plans } = open();
    await indexed(plans, at(-2), at(-24), at(1));

    expect(await plans.findPrevious(NOW)).toEqual(at(-2));
  });

  test('is not one of the same moment', async () => {
    const { plans } = open();
    await indexed(plans, at(0, 'ffffffff'));

    expect(await plans.findPrevious(NOW)).toBeUndefined();
  });

  test('is not one that is not in the index', async () => {
    const { bucket, paths, plans } = open();
    await plans.putIfAbsent('summary', at(-1));
    expect(await plans.findPrevious(NOW)).toBeUndefined();
    await plans.addToIndex(at(-1));

    expect(await plans.findPrevious(NOW)).toEqual(at(-1));
    const path = paths.at(-1) ?? '';
    expect(path).toMatch(/^plans\/index\/\d{14}-20261123T020000Z-00000000\.json$/);
    const { plan_id } = at(-1);
    expect(await bucket.store.get(path, { deadline: NOW })).toMatchObject({
      text: JSON.stringify({ version: 1, plan_id }),
    });
  });

  test('that is in the index alone throws', async () => {
    const { plans } = open();
    await plans.addToIndex(at(-1));

    await expect(plans.findPrevious(NOW)).rejects.toThrow('the previous plan does not exist');
  });

  test('that cannot be listed throws', async () => {
    const { plans } = open({ list: 'down' });

    await expect(plans.findPrevious(NOW)).rejects.toThrow('the index of plans cannot be read (HTTP 503)');
  });

  test('that cannot be entered throws', async () => {
    await expect(open({ put: 'down' }).plans.addToIndex(at(0))).rejects.toThrow('HTTP 503');
  });
});

test('a note is stored once, and is there from then on', async () => {
  const { plans } = open();

  expect(await plans.hasNote('warnings/a.json')).toBe(false);
  expect(await plans.putNote('warnings/a.json', { version: 1 })).toBe(true);
  expect(await plans.putNote('warnings/a.json', { version: 1 })).toBe(false);
  expect(await plans.hasNote('warnings/a.json')).toBe(true);
});

test('a note that cannot be read throws', async () => {
  const { plans } = open({ get: 'down' });

  await expect(plans.hasNote('warnings/a.json')).rejects.toThrow('a note cannot be read (HTTP 503)');
});

test('a plan or a page that has to exist is read, or is a bad event', async () => {
  const { plans } = open();
  await expect(readPlan(PLAN, plans)).rejects.toMatchObject({
    name: 'BadEventError',
    message: expect.stringContaining('there is no such plan'),
  });
  await expect(readPage(PLAN, 12, plans)).rejects.toMatchObject({
    name: 'BadEventError',
    message: expect.stringContaining('there is no such page of the plan'),
  });
  await plans.putIfAbsent('start', START);
  await plans.putPageIfAbsent('pages', PAGE);

  expect(await readPlan(PLAN, plans)).toEqual(START);
  expect(await readPage(PLAN, 12, plans)).toEqual(PAGE);
});
