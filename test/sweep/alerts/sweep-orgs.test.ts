import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { AlertListing, GitHubAlertList } from '../../../lib/clients/github-alert-list.ts';
import type { LeakReport } from '../../../lib/domain/report.ts';
import type { LedgerEntry } from '../../../lib/sweep/alerts/alert-ledger.ts';
import { pace } from '../../../lib/sweep/alerts/pace.ts';
import { type Run, sweepOrgs } from '../../../lib/sweep/alerts/sweep-orgs.ts';
import { captureOutput, type Output } from '../../support/load-handler.ts';

const MINUTE = 60_000;
const NOW = Date.UTC(2026, 10, 24);
const OLD = NOW - 600 * MINUTE;
const DEADLINE = NOW + MINUTE;
const NONE = { queued: 0, closing: 0, rechecked: 0, settled: 0, waiting: 0, later: 0, young: 0, failed: 0 };
let output: Output;

beforeEach(() => {
  output = captureOutput();
  vi.useFakeTimers({ now: NOW, toFake: ['Date'] });
});
afterEach(() => {
  vi.useRealTimers();
  output.restore();
});

const ENTRY: LedgerEntry = {
  action: 'created',
  at: OLD,
  updated: OLD,
  public: false,
  active: false,
  phase: 'settled',
  queued: 1,
  due: 0,
};
const refused: AlertListing = { ok: false, reason: 'HTTP 404', retryable: false };

/** Pages of alerts by number; the cursor of each is its position, as `page=1`. */
type Pages = readonly (number[] | AlertListing)[];

interface Given {
  readonly orgs: Readonly<Record<string, Pages>>;
  /** What the last run knew, as `acme/webshop/1`. */
  readonly known?: readonly string[];
  readonly resume?: Record<string, string>;
  /** The time is over when this alert is queued, or when this page is asked for. */
  readonly endsAt?: number | string;
  readonly send?: (report: LeakReport) => void;
}

async function sweep({ endsAt, known = [], orgs, resume = {}, send = () => {} }: Given) {
  const asked: string[] = [];
  const queued: string[] = [];
  const entries = new Map(known.map((name) => [name, ENTRY]));
  const github: GitHubAlertList = {
    async listOpenAlerts({ after, org }) {
      const page = Number(after?.slice('page='.length) ?? 0);
      asked.push(`${org} ${page}`);
      if (endsAt === `${org} ${page}`) vi.setSystemTime(DEADLINE);
      const found = orgs[org]?.[page] ?? expect.fail('no such page');
      if (!Array.isArray(found)) return found;
      const next = page + 1 < (orgs[org]?.length ?? 0) ? `page=${page + 1}` : undefined;
      const created_at = new Date(OLD).toISOString();
      const repository = { full_name: `${org}/webshop` };
      const alerts = found.map((number) => ({ number, created_at, repository }));
      return { ok: true, malformed: 0, next, alerts };
    },
  };
  const run: Run = {
    deps: {
      github,
      orgs: Object.keys(orgs),
      secretTypes: ['devin_api_key'],
      deadline: DEADLINE,
      earlier: async () => ({}),
      sendLeak: async () => expect.fail('it is no new leak'),
      sendBacklog: async (report) => {
        const [, org, , number] = report.report_id.split('/');
        if (String(endsAt) === number) vi.setSystemTime(DEADLINE);
        send(report);
        queued.push(`${org} ${number}`);
      },
      pace: pace(1_000, { now: NOW, until: 0 }),
      dryRun: false,
    },
    known: new Map(entries),
    entries,
    alerts: { ...NONE },
    passes: new Map(),
  };
  const left = await sweepOrgs(run, resume);
  return { left, asked, queued, run, passes: Object.fromEntries(run.passes) };
}

test('every page of every organisation is looked at', async () => {
  const { asked, left, passes, queued, run } = await sweep({
    orgs: { acme: [[3, 2], [1]], umbrella: [[9]] },
  });

  expect(asked).toEqual(['acme 0', 'acme 1', 'umbrella 0']);
  expect(queued).toEqual(['acme 3', 'acme 2', 'acme 1', 'umbrella 9']);
  expect(run.alerts).toEqual({ ...NONE, queued: 4 });
  expect(left).toEqual({});
  expect(passes).toEqual({
    acme: {
      seen: new Set(['acme/webshop/1', 'acme/webshop/2', 'acme/webshop/3']),
      isWhole: true,
      isEnded: true,
    },
    umbrella: { seen: new Set(['umbrella/webshop/9']), isWhole: true, isEnded: true },
  });
});

test('what becomes of an alert is noted, and one that is young keeps its entry', async () => {
  const { run } = await sweep({ orgs: { acme: [[1, 2]] }, known: ['acme/webshop/1'] });

  expect(run.alerts).toEqual({ ...NONE, queued: 1, settled: 1 });
  expect(run.entries.get('acme/webshop/1')).toEqual(ENTRY);
  expect(run.entries.get('acme/webshop/2')).toMatchObject({ phase: 'waiting', queued: 1 });
  expect(run.known.has('acme/webshop/2')).toBe(false);
});

test('an alert whose end says nothing of its entry keeps it', async () => {
  const send = () => {
    throw new TypeError('a bug');
  };
  const { run } = await sweep({ orgs: { acme: [[1]] }, send });

  expect(run.alerts).toEqual({ ...NONE, failed: 1 });
  expect([...run.entries]).toEqual([]);
});

describe('the newest alerts of every organisation', () => {
  const known = ['acme/webshop/4', 'acme/webshop/3', 'acme/webshop/2', 'acme/webshop/1'];

  test('come first, up to a page that is known', async () => {
    const orgs = { acme: [[5, 4], [3], [2]], umbrella: [[9], [8]] };
    const { asked, queued } = await sweep({ orgs, known });

    // The second page of "acme" is known; the rest comes after the newest of "umbrella".
    expect(asked).toEqual(['acme 0', 'acme 1', 'umbrella 0', 'umbrella 1', 'acme 2']);
    expect(queued).toEqual(['acme 5', 'umbrella 9', 'umbrella 8']);
  });

  test('are looked at, and then the rest from where the last run stopped', async () => {
    const orgs = { acme: [[4], [3], [2], [1]] };
    const { asked, left, passes } = await sweep({ orgs, known, resume: { acme: 'page=2' } });

    expect(asked).toEqual(['acme 0', 'acme 2', 'acme 3']);
    // It does not show which alerts are gone.
    expect(passes.acme).toMatchObject({ isWhole: false, isEnded: true });
    expect(left).toEqual({});
  });

  test.each([
    ['this run comes to it by itself', 'page=1'],
    ['the last run stopped at the first page', ''],
  ])('skip nothing when %s', async (_, cursor) => {
    const { asked, passes } = await sweep({
      orgs: { acme: [[3], [2], [1]] },
      known,
      resume: { acme: cursor },
    });

    expect(asked).toEqual(['acme 0', 'acme 1', 'acme 2']);
    expect(passes.acme).toMatchObject({ isWhole: true });
  });
});

test('an organisation that the last run did not end comes before the others', async () => {
  const known = ['acme/webshop/2', 'umbrella/webshop/9'];
  const orgs = { acme: [[2], [1]], umbrella: [[9], [8]] };
  const { asked } = await sweep({ orgs, known, resume: { umbrella: 'page=1' } });

  expect(asked).toEqual(['acme 0', 'umbrella 0', 'umbrella 1', 'acme 1']);
});

describe('an organisation that is refused', () => {
  test('stops no other, and is not asked twice', async () => {
    const { asked, left, passes, queued } = await sweep({ orgs: { acme: [refused], umbrella: [[9]] } });

    expect(asked).toEqual(['acme 0', 'umbrella 0']);
    expect(queued).toEqual(['umbrella 9']);
    expect(passes.acme).toEqual({ seen: new Set(), isWhole: true, failed: 'HTTP 404' });
    expect(left).toEqual({});
  });

  test('at a later page is continued there', async () => {
    expect((await sweep({ orgs: { acme: [[3], refused] } })).left).toEqual({ acme: 'page=1' });
  });

  test('at the page where the last run stopped begins anew', async () => {
    const given = {
      orgs: { acme: [[3], [2], refused] },
      known: ['acme/webshop/3'],
      resume: { acme: 'page=2' },
    };

    expect((await sweep(given)).left).toEqual({});
  });
});

describe('a run whose time is over', () => {
  test('leaves the rest of the page, which the next run looks at', async () => {
    const { asked, left, passes, run } = await sweep({ orgs: { acme: [[4], [3, 2], [1]] }, endsAt: 3 });

    expect(asked).toEqual(['acme 0', 'acme 1']);
    expect(left).toEqual({ acme: 'page=1' });
    expect(passes.acme).not.toHaveProperty('isEnded');
    expect(run.alerts).toMatchObject({ queued: 3, failed: 0 });
  });

  test('is continued where it stopped, though it went on with an earlier one', async () => {
    const orgs = { acme: [[5], [4], [3], [2], [1]] };
    const given = { orgs, known: ['acme/webshop/5'], resume: { acme: 'page=2' }, endsAt: 2 };

    expect((await sweep(given)).left).toEqual({ acme: 'page=3' });
  });

  test('queues nothing of a page that came too late, which was seen all the same', async () => {
    const { left, passes, queued } = await sweep({ orgs: { acme: [[3], [2]] }, endsAt: 'acme 1' });

    expect(queued).toEqual(['acme 3']);
    expect(left).toEqual({ acme: 'page=1' });
    expect(passes.acme?.seen).toEqual(new Set(['acme/webshop/3', 'acme/webshop/2']));
  });

  test('at the first page begins there', async () => {
    const { asked, left } = await sweep({ orgs: { acme: [[3]], umbrella: [[9]] }, endsAt: 3 });

    expect(asked).toEqual(['acme 0']);
    expect(left).toEqual({ acme: '', umbrella: '' });
  });

  test('does not count as failed what the queue did not take then', async () => {
    const send = () => {
      throw new TypeError('out of time');
    };
    const { run } = await sweep({ orgs: { acme: [[3]] }, endsAt: 3, send });

    expect(run.alerts).toEqual({ ...NONE, later: 1 });
  });
});

test('alerts that are not readable are counted, logged, and make the listing no whole one', async () => {
  const page: AlertListing = { ok: true, alerts: [], malformed: 2, next: undefined };
  const { passes, run } = await sweep({ orgs: { acme: [page] } });

  expect(run.alerts).toEqual({ ...NONE, failed: 2 });
  expect(passes.acme).toMatchObject({ isWhole: false, isEnded: true });
  expect(output.entries()).toEqual([
    expect.objectContaining({
      level: 'error',
      message: 'alerts are not readable',
      org: 'acme',
      alerts: 2,
    }),
  ]);
});
