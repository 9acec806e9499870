import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { AlertListing } from '../../../lib/clients/github-alert-list.ts';
import type { LeakReport } from '../../../lib/domain/report.ts';
import {
  type AlertLedger,
  EMPTY_LEDGER,
  type LedgerEntry,
  LedgerError,
  type LedgerStore,
} from '../../../lib/sweep/alerts/alert-ledger.ts';
import { type AlertSweepDeps, sweepAlerts } from '../../../lib/sweep/alerts/sweep-alerts.ts';
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

const SETTLED: LedgerEntry = {
  action: 'created',
  at: OLD,
  updated: OLD,
  public: false,
  active: false,
  phase: 'settled',
  queued: 1,
  due: 0,
};
const ledgerOf = (given: Partial<AlertLedger>): AlertLedger => ({ ...EMPTY_LEDGER, ...given });
const pageOf = (...created: number[]): AlertListing => ({
  ok: true,
  malformed: 0,
  next: undefined,
  alerts: created.map((at, index) => ({
    number: index + 1,
    created_at: new Date(at).toISOString(),
    repository: { full_name: 'acme/webshop' },
  })),
});
const refused: AlertListing = { ok: false, reason: 'HTTP 404', retryable: false };

interface Given {
  readonly orgs?: Readonly<Record<string, AlertListing>>;
  readonly read?: () => Promise<AlertLedger>;
  readonly write?: () => Promise<void>;
  readonly rechecks?: readonly LeakReport[];
  readonly deps?: Partial<AlertSweepDeps>;
}

async function sweep({
  deps = {},
  orgs = { acme: pageOf(OLD) },
  read = async () => EMPTY_LEDGER,
  rechecks = [],
  write = async () => {},
}: Given = {}) {
  const written: AlertLedger[] = [];
  const retries: unknown[] = [];
  const delays: number[] = [];
  const ledger: LedgerStore = {
    read: (retry) => {
      retries.push(retry);
      return read();
    },
    write: (next, retry) => {
      retries.push(retry);
      written.push(next);
      return write();
    },
  };
  const result = await sweepAlerts({
    github: { listOpenAlerts: async ({ org }) => orgs[org] ?? expect.fail('no such organisation') },
    ledger,
    orgs: Object.keys(orgs),
    secretTypes: ['devin_api_key'],
    dueRechecks: async () => rechecks,
    earlier: async () => ({}),
    sendLeak: async () => {},
    sendBacklog: async (_report, delay) => void delays.push(delay),
    backlogPerMinute: 2,
    dryRun: false,
    deadline: DEADLINE,
    ...deps,
  });
  const metrics = output
    .entries()
    .filter(({ job }) => job === 'sweep-alerts')
    .flatMap((entry) => Object.entries(entry).filter(([name]) => name.startsWith('AlertSweep')));
  const logged = output
    .entries()
    .filter(({ level }) => level !== undefined)
    .map(({ time: _time, ...line }) => line);
  return { result, written, retries, delays, metrics, logged };
}

const recheck: LeakReport = {
  version: 1,
  report_id: 'github/acme/webshop/7/recheck',
  detector: 'github',
  invoked_by: 'schedule',
  reported_at: NOW,
  seen_at: NOW,
  leak: { kind: 'github_alert', owner: 'acme', repo: 'webshop', number: 7 },
  recheck: true,
};

test('a run queues what was missed, and remembers it', async () => {
  const { delays, metrics, result, retries, written } = await sweep({ rechecks: [recheck] });

  expect(result).toEqual({ status: 'swept', alerts: { ...NONE, queued: 1, rechecked: 1 }, failed: [] });
  // One pace for both.
  expect(delays).toEqual([0, 30]);
  const due = NOW + 14 * MINUTE;
  expect(written).toEqual([
    {
      version: 1,
      resume: {},
      backlog_until: NOW + MINUTE,
      alerts: { 'acme/webshop/1': { ...SETTLED, phase: 'waiting', due } },
    },
  ]);
  expect(metrics).toEqual([
    ['AlertSweepDone', 1],
    ['AlertSweepQueued', 2],
    ['AlertSweepFailed', 0],
  ]);
  expect(retries).toEqual([
    { deadline: DEADLINE, attempts: 4 },
    { deadline: DEADLINE + 5_000, attempts: 4 },
  ]);
});

test('what is queued to be closed is counted with the rest', async () => {
  const earlier: AlertSweepDeps['earlier'] = async ({ report_id }) =>
    report_id.includes('/1/created/')
      ? {
          outcome: {
            status: 'revoked',
            report_id,
            evidence: 'token_rejected',
            proof: { method: 'token', probes: 3, at: OLD },
            alert: { closed: false, reason: 'HTTP 403' },
          },
        }
      : {};
  const { metrics, result } = await sweep({ orgs: { acme: pageOf(OLD, OLD) }, deps: { earlier } });

  expect(result.alerts).toEqual({ ...NONE, closing: 1, queued: 1 });
  expect(metrics).toContainEqual(['AlertSweepQueued', 2]);
});

test('a run goes on with the ledger of the one before', async () => {
  const before = ledgerOf({ backlog_until: NOW + 30_000, alerts: { 'acme/webshop/1': SETTLED } });
  const given = { orgs: { acme: pageOf(OLD, OLD) }, read: async () => before };
  const { delays, result, written } = await sweep(given);

  expect(result.alerts).toEqual({ ...NONE, settled: 1, queued: 1 });
  expect(delays).toEqual([30]);
  expect(written).toMatchObject([{ backlog_until: NOW + MINUTE, alerts: { 'acme/webshop/1': SETTLED } }]);
});

test('a run in which nothing changed writes no ledger', async () => {
  const alerts = { 'acme/webshop/1': SETTLED };

  expect((await sweep({ read: async () => ledgerOf({ alerts }) })).written).toEqual([]);
  // The time of the backlog alone is no change.
  const before = ledgerOf({ alerts, backlog_until: NOW - MINUTE });
  expect((await sweep({ read: async () => before })).written).toEqual([]);
});

describe('an organisation that is refused', () => {
  test('is reported, and stops no other', async () => {
    const orgs = { umbrella: refused, acme: pageOf(OLD) };
    const { logged, metrics, result } = await sweep({ orgs });

    expect(result).toEqual({
      status: 'swept',
      alerts: { ...NONE, queued: 1 },
      failed: [{ org: 'umbrella', reason: 'HTTP 404' }],
    });
    expect(logged).toContainEqual({
      level: 'error',
      message: 'organisation not swept',
      org: 'umbrella',
      reason: 'HTTP 404',
    });
    expect(logged.at(-1)).toEqual({
      level: 'warn',
      message: 'alerts swept',
      ...NONE,
      queued: 1,
      orgs_failed: 1,
    });
    expect(metrics).toContainEqual(['AlertSweepFailed', 1]);
  });

  test('is counted beside the alerts that failed', async () => {
    const orgs = { umbrella: refused, acme: pageOf(OLD) };
    const sendBacklog = () => Promise.reject(new TypeError('a bug'));
    const { metrics } = await sweep({ orgs, deps: { sendBacklog } });

    expect(metrics).toContainEqual(['AlertSweepFailed', 2]);
  });

  test('is none in a run of which all went well', async () => {
    const { logged } = await sweep({ orgs: { acme: pageOf() } });

    expect(logged).toEqual([{ level: 'info', message: 'alerts swept', ...NONE, orgs_failed: 0 }]);
  });
});

describe('a ledger that', () => {
  const down = () => Promise.reject(new LedgerError('HTTP 503'));
  const failure = { level: 'error', message: 'ledger of alerts failed', reason: 'HTTP 503' };

  test('cannot be read leaves to queue what is new since the last run, and is not overwritten', async () => {
    const orgs = { acme: pageOf(NOW - 10 * MINUTE, NOW - 20 * MINUTE, NOW - 20 * MINUTE - 1) };
    const { logged, metrics, result, written } = await sweep({ orgs, read: down });

    expect(result.alerts).toEqual({ ...NONE, queued: 2, later: 1 });
    expect(written).toEqual([]);
    expect(logged).toContainEqual(failure);
    expect(metrics[0]).toEqual(['AlertSweepFailed', 1]);
  });

  test('cannot be written fails no run', async () => {
    const { logged, metrics, result } = await sweep({ write: down });

    expect(result.alerts).toEqual({ ...NONE, queued: 1 });
    expect(logged).toContainEqual(failure);
    expect(metrics.at(-1)).toEqual(['AlertSweepFailed', 1]);
  });

  test.each(['read', 'write'])('has a bug in its %s fails the run', async (name) => {
    const bug = () => Promise.reject(new TypeError('a bug'));

    await expect(sweep({ [name]: bug })).rejects.toThrow('a bug');
  });
});
