import fc from 'fast-check';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Outcome } from '../../../lib/domain/outcome.ts';
import type { LeakReport } from '../../../lib/domain/report.ts';
import { ledgerStore } from '../../../lib/sweep/alerts/alert-ledger.ts';
import { type AlertSweepDeps, sweepAlerts } from '../../../lib/sweep/alerts/sweep-alerts.ts';
import { memoryBucket } from '../../support/memory-bucket.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const START = Date.UTC(2026, 10, 1);
const KEY = { service_user_id: 'service-user-1', api_key_id: 'key-1' };

beforeEach(() => {
  vi.spyOn(process.stdout, 'write').mockImplementation(() => true);
  vi.useFakeTimers({ now: START, toFake: ['Date'] });
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** How each delivery of the alert's reports ends. */
const ending = fc.constantFrom('fails', 'is ignored', 'is rehearsed', 'escalates', 'cannot close');
const alert = fc.record({
  ending,
  /** minutes before the first run */
  age: fc.constantFrom(1, 6, 30, 59, 600, 100_000),
  hadWebhook: fc.boolean(),
  /** it fails before its key is known */
  hasIntent: fc.boolean(),
  /** `updated_at` changes every so many days */
  touchedEvery: fc.constantFrom(0, 1, 7),
});
const world = fc.record({
  alerts: fc.array(alert, { minLength: 1, maxLength: 6 }),
  /** the runs, of 2,880, at which the ledger is not stored, or not read */
  failedPuts: fc.uniqueArray(fc.nat(2_879), { maxLength: 5 }),
  failedLists: fc.uniqueArray(fc.nat(2_879), { maxLength: 5 }),
  workerOff: fc.constantFrom(0, 1, 8, 48),
  perMinute: fc.constantFrom(1, 60),
});
type World = typeof world extends fc.Arbitrary<infer T> ? T : never;

/** The ledgers of the first hour are lost, so that each run takes the alert for a new leak. */
function lostLedgers(hasIntent: boolean): World {
  const fails = { ending: 'fails', hasIntent, hadWebhook: true, touchedEvery: 0 } as const;
  return {
    alerts: [
      { ...fails, age: 6 },
      { ...fails, age: 1, hadWebhook: false },
    ],
    failedPuts: [0, 1, 2, 3, 4],
    failedLists: [],
    workerOff: 0,
    perMinute: 1,
  };
}

test('an alert that stays open for a month costs at most 40 messages and 40 records, whatever it ends in', async () => {
  let most = 0;
  await fc.assert(
    fc.asyncProperty(world, async (given) => {
      for (const { messages, records } of await month(given)) {
        expect(messages).toBeLessThanOrEqual(40);
        expect(records).toBeLessThanOrEqual(40);
        most = Math.max(most, messages);
      }
    }),
    {
      numRuns: 25,
      seed: 14,
      examples: [[lostLedgers(false)], [lostLedgers(true)]],
    },
  );
  // The bound must not hold because nothing is repeated.
  expect(most).toBeGreaterThan(15);
}, 120_000);

async function month(given: World): Promise<{ messages: number; records: number }[]> {
  vi.setSystemTime(START);
  let run = 0;
  const failed = { put: new Set(given.failedPuts), list: new Set(given.failedLists) };
  const { firstName, store } = memoryBucket((name) => name !== 'get' && failed[name].has(run));
  const alerts = given.alerts.map((one, index) => ({
    ...one,
    number: index + 1,
    created: START - one.age * MINUTE,
    messages: 0,
    records: new Set<string>(one.hadWebhook ? Array.from({ length: 8 }, (_, at) => `webhook ${at}`) : []),
  }));
  const outcomes = new Map<string, Outcome>();
  const intents = new Set<string>();
  let queue: LeakReport[] = [];

  const send = async (report: LeakReport): Promise<void> => {
    if (report.leak.kind !== 'github_alert') throw new Error(report.leak.kind);
    const { number } = report.leak;
    const found = alerts.find((candidate) => candidate.number === number);
    if (found !== undefined) found.messages += 1;
    queue.push(report);
  };
  /** The worker: eight attempts, unless the report says that the queue does not repeat it. */
  const work = (): void => {
    for (const report of queue) {
      const { report_id, leak } = report;
      const of = alerts.find(({ number }) => leak.kind === 'github_alert' && leak.number === number);
      const end = of?.ending;
      if (of === undefined || end === undefined || end === 'is ignored' || outcomes.has(report_id)) continue;
      if (end === 'fails') {
        if (of.hasIntent) {
          of.records.add(`${report_id} intent`);
          intents.add(report_id);
        }
        for (let at = 0; at < (report.redeliver === false ? 1 : 8); at++) of.records.add(`${run} ${at}`);
      } else if (end === 'is rehearsed') {
        of.records.add(`${report_id} rehearsal`);
      } else {
        const isEscalated = end === 'escalates';
        for (const name of isEscalated ? ['outcome'] : ['intent', 'alert', 'outcome'])
          of.records.add(`${report_id} ${name}`);
        outcomes.set(
          report_id,
          isEscalated
            ? { status: 'escalated', report_id, reason: 'a person', next_step: 'look' }
            : {
                status: 'revoked',
                report_id,
                ...KEY,
                evidence: 'token_rejected',
                proof: { method: 'token', probes: 3, at: Date.now() },
                alert: { closed: false, reason: 'HTTP 403' },
              },
        );
      }
    }
    queue = [];
  };

  const deps = (): AlertSweepDeps => ({
    github: {
      listOpenAlerts: async () => ({
        ok: true,
        malformed: 0,
        next: undefined,
        alerts: alerts.map(({ created, number, touchedEvery }) => {
          const touches = touchedEvery === 0 ? 0 : Math.floor((Date.now() - START) / (touchedEvery * DAY));
          const updated = touches === 0 ? created : START + touches * touchedEvery * DAY;
          return {
            number,
            created_at: new Date(created).toISOString(),
            updated_at: new Date(updated).toISOString(),
            repository: { full_name: 'acme/webshop' },
          };
        }),
      }),
    },
    ledger: ledgerStore(store, firstName),
    orgs: ['acme'],
    secretTypes: ['devin_api_key'],
    dueRechecks: async () => [],
    earlier: async ({ report_id }) => {
      const outcome = outcomes.get(report_id);
      return {
        ...(outcome && { outcome }),
        ...(intents.has(report_id) && { intent: { ...KEY, time: START } }),
      };
    },
    sendLeak: send,
    sendBacklog: send,
    backlogPerMinute: given.perMinute,
    dryRun: false,
    deadline: Date.now() + 60_000,
  });
  for (run = 0; run < 30 * 96; run++) {
    vi.setSystemTime(START + run * 15 * MINUTE);
    await sweepAlerts(deps());
    if (run >= given.workerOff) work();
  }
  return alerts.map(({ messages, records }) => ({ messages, records: records.size }));
}
