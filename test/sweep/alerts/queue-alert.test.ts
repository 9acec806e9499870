import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Earlier } from '../../../lib/audit/read-earlier.ts';
import type { Outcome } from '../../../lib/domain/outcome.ts';
import type { LeakReport } from '../../../lib/domain/report.ts';
import type { LedgerEntry } from '../../../lib/sweep/alerts/alert-ledger.ts';
import { pace } from '../../../lib/sweep/alerts/pace.ts';
import { queueAlert } from '../../../lib/sweep/alerts/queue-alert.ts';
import { captureOutput, type Output } from '../../support/load-handler.ts';

const MINUTE = 60_000;
const NOW = Date.UTC(2026, 10, 24);
const OLD = NOW - 600 * MINUTE;
const KEY = { service_user_id: 'service-user-1', api_key_id: 'key-1' };
let output: Output;

beforeEach(() => {
  output = captureOutput();
  vi.useFakeTimers({ now: NOW, toFake: ['Date'] });
});
afterEach(() => {
  vi.useRealTimers();
  output.restore();
});

const settled: LedgerEntry = {
  action: 'created',
  at: OLD,
  updated: OLD,
  public: false,
  active: false,
  phase: 'settled',
  queued: 1,
  due: 0,
};

interface Given {
  readonly created?: number;
  readonly updated: number;
  readonly number?: number;
  readonly dryRun?: boolean;
  readonly onlySince?: number;
  /** Until when the backlog is full. */
  readonly until?: number;
  /** Its place in the backlog is taken by another alert meanwhile. */
  readonly isTaken?: boolean;
  readonly send?: () => void;
}

async function queue(
  {
    created = OLD,
    dryRun = false,
    isTaken = false,
    number = 1,
    onlySince,
    send = () => {},
    until = 0,
    updated,
  }: Given,
  entry: LedgerEntry | undefined,
  earlier: (report: LeakReport) => Earlier,
) {
  const leaks: LeakReport[] = [];
  const backlog: LeakReport[] = [];
  const delays: number[] = [];
  const read: string[] = [];
  const alert = {
    number,
    created_at: new Date(created).toISOString(),
    updated_at: new Date(updated).toISOString(),
    repository: { full_name: 'acme/webshop' },
  };
  const end = await queueAlert(alert, entry, {
    earlier: async (report) => {
      read.push(report.report_id);
      return earlier(report);
    },
    sendLeak: async (report) => {
      send();
      leaks.push(report);
    },
    sendBacklog: async (report, delay) => {
      send();
      backlog.push(report);
      delays.push(delay);
    },
    pace: { ...pace(60, { now: NOW, until }), ...(isTaken && { next: () => undefined }) },
    dryRun,
    onlySince,
  });
  const logged = output.entries().map(({ time: _time, ...line }) => line);
  return { end, leaks, backlog, delays, read, logged };
}

const idOf = (action: string, at: number): string =>
  `github/acme/webshop/1/${action}/${new Date(at).toISOString().replace(/[-:.]/g, '')}`;
const waiting: LedgerEntry = { ...settled, phase: 'waiting', queued: 0, due: NOW };
/** The queue of the backlog is full for this run. */
const FULL = NOW + 15 * MINUTE;
const nothing = (): Earlier => ({});

const revoked = ({ report_id }: LeakReport, alert: Outcome['alert']): Outcome => ({
  status: 'revoked',
  report_id,
  ...KEY,
  evidence: 'token_rejected',
  proof: { method: 'token', probes: 3, at: NOW - 540 * MINUTE },
  alert,
});
/** We closed the alert nine hours ago. */
const closed = (report: LeakReport): Earlier =>
  report.report_id.includes('/created/') ? { outcome: revoked(report, { closed: true }) } : {};
const escalated = ({ report_id }: LeakReport): Earlier => ({
  outcome: { status: 'escalated', report_id, reason: 'a person', next_step: 'look' },
});

test('an alert that was closed and opened again between two runs is contained again', async () => {
  const { backlog, end } = await queue({ updated: NOW - 90 * MINUTE }, settled, closed);

  expect(end).toMatchObject({ result: 'queued', entry: { action: 'reopened', at: NOW - 90 * MINUTE } });
  expect(backlog.map(({ report_id }) => report_id)).toEqual([expect.stringContaining('/reopened/')]);
});

test('a settled alert that changed is looked at again when its outcome is not found', async () => {
  const { backlog, end, leaks } = await queue({ updated: NOW - 90 * MINUTE }, settled, () => ({}));

  expect(end).toEqual({ result: 'waiting' });
  expect([...leaks, ...backlog]).toEqual([]);
});

test.each([
  ['a new leak', 10, {}, undefined],
  ['a new leak that was worked on before', 10, { intent: { ...KEY, time: NOW - MINUTE } }, false],
  ['a leak that an earlier run may have sent', 25, {}, false],
  ['a leak that an earlier run may have sent, and that changed since', 25, {}, false, 10],
])('the queue repeats %s as it should', async (_, age, earlier, redeliver, changed = age) => {
  const given = { created: NOW - age * MINUTE, updated: NOW - changed * MINUTE };
  const { leaks } = await queue(given, undefined, () => earlier);

  expect(leaks.map((report) => report.redeliver)).toEqual([redeliver]);
});

describe('an alert that the ledger does not know', () => {
  test('is queued as a report of its own, and noted', async () => {
    const { backlog, delays, end, leaks, logged } = await queue(
      { updated: OLD, until: NOW + 30_000 },
      undefined,
      nothing,
    );

    expect(leaks).toEqual([]);
    expect(backlog).toEqual([
      {
        version: 1,
        report_id: idOf('created', OLD),
        detector: 'github',
        invoked_by: 'schedule',
        reported_at: OLD,
        leaked_at: OLD,
        seen_at: NOW,
        leak: { kind: 'github_alert', owner: 'acme', repo: 'webshop', number: 1 },
        reason: 'open alert found by the sweep',
        redeliver: false,
      },
    ]);
    expect(delays).toEqual([30]);
    // Its pause begins when it may be worked on.
    const due = NOW + 30_000 + 14 * MINUTE;
    expect(end).toEqual({ result: 'queued', entry: { ...waiting, queued: 1, due } });
    expect(logged).toEqual([
      { level: 'info', message: 'alert queued', report_id: idOf('created', OLD), fate: 'queued' },
    ]);
  });

  test('is sent where leaks go when it is new, however full the backlog is', async () => {
    const created = NOW - 10 * MINUTE;
    const { backlog, end, leaks } = await queue(
      { created, updated: created, until: FULL },
      undefined,
      nothing,
    );

    expect(leaks.map(({ report_id }) => report_id)).toEqual([idOf('created', created)]);
    expect(backlog).toEqual([]);
    expect(end).toMatchObject({ result: 'queued', entry: { queued: 1, due: NOW + 14 * MINUTE } });
  });

  test('is left to a later run when the backlog is full, and its records are not read', async () => {
    const { end, read } = await queue({ updated: OLD, until: FULL }, undefined, nothing);

    expect(end).toEqual({ result: 'later', entry: waiting });
    expect(read).toEqual([]);
  });

  test('is left to a later run when its place in the backlog was taken meanwhile', async () => {
    const { backlog, end } = await queue({ updated: OLD, isTaken: true }, undefined, nothing);

    expect(end).toEqual({ result: 'later', entry: waiting });
    expect(backlog).toEqual([]);
  });

  test('is left to its webhook when it is young', async () => {
    const created = NOW - MINUTE;

    expect((await queue({ created, updated: created }, undefined, nothing)).end).toEqual({ result: 'young' });
  });

  test.each([
    [1, { result: 'later' }],
    [0, { result: 'queued' }],
  ])('and was made %i ms before what is looked at without a ledger: %j', async (before, end) => {
    const found = await queue({ updated: OLD, onlySince: OLD + before }, undefined, nothing);

    expect(found.end).toMatchObject(end);
    expect(found.backlog).toHaveLength(1 - before);
    if (before === 1) expect(found.end).not.toHaveProperty('entry');
  });

  test('is rehearsed in a dry run', async () => {
    const { backlog, end } = await queue({ updated: OLD, dryRun: true }, undefined, nothing);

    expect(backlog).toMatchObject([{ dry_run: true }]);
    expect(end).toMatchObject({ result: 'queued', entry: { dry: true } });
  });

  test('is settled by the outcome of the report that its webhook made when it was new', async () => {
    const found = await queue({ updated: OLD + MINUTE }, undefined, (report) =>
      report.report_id === idOf('created', OLD) ? escalated(report) : {},
    );

    expect(found.read).toEqual([idOf('created', OLD + MINUTE), idOf('created', OLD)]);
    expect(found.end).toMatchObject({ result: 'settled', entry: { phase: 'settled' } });
    expect(found.backlog).toEqual([]);
  });
});

describe('an alert that the ledger knows', () => {
  test('is looked up by the report that it was queued as, alone', async () => {
    const entry = { ...waiting, at: OLD + MINUTE, updated: OLD + MINUTE, queued: 1 };
    const { backlog, end, read } = await queue({ updated: OLD + MINUTE }, entry, nothing);

    expect(read).toEqual([idOf('created', OLD + MINUTE)]);
    expect(backlog).toHaveLength(1);
    expect(end).toEqual({ result: 'queued', entry: { ...entry, queued: 2, due: NOW + 59 * MINUTE } });
  });

  test('and was not changed since it was made is looked up once', async () => {
    expect((await queue({ updated: OLD }, waiting, nothing)).read).toEqual([idOf('created', OLD)]);
  });

  test('rests once it is settled', async () => {
    const { end, read } = await queue({ updated: OLD }, { ...settled, gone: NOW - MINUTE }, nothing);

    expect(end).toEqual({ result: 'settled', entry: settled });
    expect(read).toEqual([]);
  });

  test('waits until it is due', async () => {
    const entry = { ...waiting, queued: 1, due: NOW + 1 };
    const { backlog, end } = await queue({ updated: OLD }, entry, nothing);

    expect(end).toEqual({ result: 'waiting', entry });
    expect(backlog).toEqual([]);
  });

  test('is settled by an outcome that leaves nothing to do', async () => {
    const { backlog, end } = await queue({ updated: OLD }, waiting, escalated);

    expect(end).toEqual({ result: 'settled', entry: { ...waiting, phase: 'settled' } });
    expect(backlog).toEqual([]);
  });

  test('and was opened again is not settled by the outcome that it had when it was new', async () => {
    const updated = NOW - 10 * MINUTE;
    const { end, leaks, read } = await queue({ updated }, { ...settled, gone: NOW - MINUTE }, closed);

    expect(read).toEqual([idOf('reopened', updated)]);
    expect(end).toMatchObject({ result: 'queued', entry: { action: 'reopened', at: updated } });
    // Reported within 20 minutes, it can have been sent by no earlier run.
    expect(leaks.map(({ redeliver }) => redeliver)).toEqual([undefined]);
  });

  test.each([
    [20 * MINUTE - 1, undefined],
    [20 * MINUTE, false],
  ])('and was opened again %i ms ago is repeated by the queue: %j', async (ago, redeliver) => {
    const { leaks } = await queue({ updated: NOW - ago }, { ...settled, gone: NOW - MINUTE }, nothing);

    expect(leaks.map((report) => report.redeliver)).toEqual([redeliver]);
  });
});

describe('an alert that was opened again between two runs', () => {
  test('is a new leak when that was within the hour', async () => {
    const updated = NOW - 30 * MINUTE;
    const { backlog, end, leaks } = await queue({ updated }, settled, closed);

    expect(leaks.map(({ report_id }) => report_id)).toEqual([idOf('reopened', updated)]);
    expect(backlog).toEqual([]);
    const due = NOW + 14 * MINUTE;
    expect(end).toEqual({
      result: 'queued',
      entry: { ...settled, action: 'reopened', at: updated, updated, phase: 'waiting', queued: 1, due },
    });
  });

  test('is settled once that has an outcome', async () => {
    const updated = NOW - 90 * MINUTE;
    const { backlog, end } = await queue({ updated }, settled, (report) =>
      report.report_id === idOf('reopened', updated) ? escalated(report) : closed(report),
    );

    expect(backlog).toEqual([]);
    expect(end).toEqual({
      result: 'settled',
      entry: { ...settled, action: 'reopened', at: updated, updated, queued: 0 },
    });
  });
});

describe('an alert of a dead key that is still open', () => {
  const notClosed = (report: LeakReport): Earlier =>
    report.report_id.includes('/closing/')
      ? {}
      : { outcome: revoked(report, { closed: false, reason: 'HTTP 403' }) };
  const closing = 'github/acme/webshop/1/closing/2026-11-24';
  const DAY = 24 * 60 * MINUTE;

  test.each<[string, LedgerEntry, number, number]>([
    ['for the first time', { ...waiting, queued: 5 }, 1, 1],
    ['for the third time', { ...waiting, phase: 'closing', queued: 2 }, 3, 4],
  ])('is queued to be closed %s', async (_, entry, queued, days) => {
    const { backlog, delays, end, logged } = await queue({ updated: OLD }, entry, notClosed);

    expect(backlog).toMatchObject([{ report_id: closing, redeliver: false }]);
    expect(delays).toEqual([0]);
    const due = NOW + days * DAY - MINUTE;
    expect(end).toEqual({ result: 'closing', entry: { ...entry, phase: 'closing', queued, due } });
    expect(logged).toEqual([{ level: 'info', message: 'alert queued', report_id: closing, fate: 'closing' }]);
  });

  test('is not queued twice on a day, by a run whose ledger was not stored', async () => {
    const { backlog, end } = await queue({ updated: OLD }, waiting, (report) =>
      report.report_id === closing ? escalated(report) : notClosed(report),
    );

    expect(backlog).toEqual([]);
    expect(end).toMatchObject({ result: 'settled', entry: { phase: 'closing', queued: 1 } });
  });

  test('is left to a later run when the backlog is full', async () => {
    const created = NOW - 30 * MINUTE;
    const { backlog, end } = await queue({ created, updated: created, until: FULL }, undefined, notClosed);

    expect(backlog).toEqual([]);
    expect(end).toMatchObject({ result: 'later', entry: { phase: 'waiting', queued: 0 } });
  });
});

describe('an alert', () => {
  test('that is not readable fails', async () => {
    const { end, logged } = await queue({ updated: OLD, number: 0 }, undefined, nothing);

    expect(end).toEqual({ result: 'failed' });
    expect(logged).toEqual([{ level: 'error', message: 'alert is not readable', number: 0 }]);
  });

  test('that the queue does not take fails, and keeps its entry', async () => {
    const send = () => {
      throw new TypeError('a bug');
    };
    const { end, logged } = await queue({ updated: OLD, send }, undefined, nothing);

    expect(end).toEqual({ result: 'failed' });
    const report_id = idOf('created', OLD);
    expect(logged).toEqual([{ level: 'error', message: 'alert not queued', report_id, error: 'TypeError' }]);
  });

  test('whose records cannot be read is queued all the same', async () => {
    const { backlog, logged } = await queue({ updated: OLD }, undefined, () => {
      throw new TypeError('a bug');
    });

    const report_id = idOf('created', OLD);
    expect(backlog).toMatchObject([{ report_id }]);
    expect(logged).toContainEqual({
      level: 'warn',
      message: 'outcome not readable',
      report_id,
      error: 'TypeError',
    });
  });
});
