import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { serialise } from '../../lib/audit/ocsf-schema.ts';
import { findLost, reconcile } from '../../lib/audit/reconcile.ts';
import { awsEnvironment } from '../../lib/aws/environment.ts';
import { s3AuditStore } from '../../lib/aws/write-once-bucket.ts';
import type { LeakReport } from '../../lib/domain/report.ts';
import { type Sandbox, startSandbox } from '../../sandbox/index.ts';
import { captureOutput, loadHandler } from '../support/load-handler.ts';
import { LEAKED_AT, records, report } from '../support/samples.ts';

const MINUTE = 60_000;
const NOW = LEAKED_AT + 60 * MINUTE;
const folder = `records/date=2026-07-30/${report.report_id}`;
const object = (name: string, minutesAgo: number) => ({
  key: `${folder}/${name}.json`,
  size: 1,
  storedAt: NOW - minutesAgo * MINUTE,
});

describe('an intent', () => {
  test.each([
    ['without an outcome after 15 minutes is lost', [object('10-intent', 16)], 1],
    ['that is younger is not', [object('10-intent', 14)], 0],
    ['with an outcome is not', [object('10-intent', 60), object('90-outcome', 60)], 0],
    ['whose last attempt is young is not', [object('10-intent', 60), object('50-attempt-1', 5)], 0],
    ['whose last attempt is old is lost', [object('10-intent', 60), object('50-attempt-1', 20)], 1],
  ])('%s', (_, objects, count) => {
    expect(findLost(objects, NOW)).toHaveLength(count);
  });
});

describe('the reconciler', () => {
  let sandbox: Sandbox;
  let output: ReturnType<typeof captureOutput>;
  beforeEach(async () => {
    output = captureOutput();
    sandbox = await startSandbox();
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    vi.unstubAllEnvs();
    await sandbox.stop();
  });

  const store = () => s3AuditStore(awsEnvironment(sandbox.env()), sandbox.auditBucket);
  const named = (name: string) =>
    serialise(records.find(([each]) => each === name)?.[1] ?? expect.fail(name));
  const run = async (minutesAgo: number, name: string) => {
    const sent: LeakReport[] = [];
    await store().put(`${folder}/10-intent.json`, named(name), { deadline: Date.now() + 5_000 });
    const result = await reconcile({
      store: store(),
      list: async () => [object('10-intent', minutesAgo)],
      queue: {
        send: async (each) => {
          sent.push(each);
        },
      },
      now: NOW,
      deadline: Date.now() + 5_000,
    });
    return { result, sent };
  };

  test('raises the alarm and puts the report on the queue again as it was', async () => {
    const { result, sent } = await run(20, 'intent with a key');

    expect(result).toEqual({ lost: 1, queued: 1 });
    expect(sent).toEqual([report]);
    expect(output.text()).toContain('"IntentWithoutOutcome":1');
  });

  test('raises the alarm alone for a report of a token, which nobody stored', async () => {
    expect((await run(20, 'report of a token alone, from a named caller')).result).toEqual({
      lost: 1,
      queued: 0,
    });
    expect(output.text()).toContain('"IntentWithoutOutcome":1');
  });

  test('leaves it to a person after a day', async () => {
    expect((await run(25 * 60, 'intent with a key')).result).toEqual({ lost: 1, queued: 0 });
  });

  test('runs as a function', async () => {
    const stale = Date.now() - 20 * MINUTE;
    vi.useFakeTimers({ toFake: ['Date'], now: stale });
    const leak = sandbox.leak();
    const { api_key_id, service_user_id } = leak;
    const reported = { ...report, reported_at: stale, leak: { kind: 'key', service_user_id, api_key_id } };
    const intent = JSON.parse(named('intent with a key'));
    intent.unmapped.report = reported;
    const date = new Date(stale).toISOString().slice(0, 10);
    const path = `records/date=${date}/${report.report_id}/10-intent.json`;
    await store().put(path, intent, { deadline: stale + 5_000 });
    vi.useRealTimers();

    const handler = await loadHandler('reconcile', sandbox.env());
    expect(await handler({})).toEqual({ lost: 1, queued: 1 });
    expect(sandbox.sqs.sent().map((body) => JSON.parse(body))).toEqual([reported]);
  });
});
