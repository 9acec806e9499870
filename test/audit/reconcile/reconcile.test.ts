import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { notingStore } from '../../../lib/audit/noting-store.ts';
import { serialise } from '../../../lib/audit/ocsf-schema.ts';
import { recordPath } from '../../../lib/audit/record-path.ts';
import { awsEnvironment } from '../../../lib/aws/environment.ts';
import { s3AuditStore } from '../../../lib/aws/write-once-bucket.ts';
import type { LeakReport } from '../../../lib/domain/report.ts';
import { type Sandbox, startSandbox } from '../../../sandbox/index.ts';
import { captureOutput, lambdaContext, loadHandler, type Output } from '../../support/load-handler.ts';
import { records, report } from '../../support/samples.ts';

const MINUTE = 60_000;
const START = Date.parse('2026-07-30T12:00:00Z');
let sandbox: Sandbox;
let output: Output;
beforeEach(async () => {
  output = captureOutput();
  sandbox = await startSandbox();
  vi.useFakeTimers({ toFake: ['Date'], now: START });
});
afterEach(async () => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  await sandbox.stop();
});

const named = (name: string) => serialise(records.find(([each]) => each === name)?.[1] ?? expect.fail(name));
const store = () => notingStore(s3AuditStore(awsEnvironment(sandbox.env()), sandbox.auditBucket));
const retry = () => ({ deadline: Date.now() + 5_000 });

async function runAt(minutes: number, event: object = {}, environment = sandbox.env()) {
  vi.setSystemTime(START + minutes * MINUTE);
  const context = lambdaContext({
    getRemainingTimeInMillis: () => 60_000,
    clientContext: { custom: { caller: 'alice@example.com' } } as never,
  });
  return (await loadHandler('reconcile', environment))(event, context);
}

/** An intent to revoke a key, stored at a minute after the start. */
async function intentAt(minutes: number, id: string): Promise<LeakReport> {
  vi.setSystemTime(START + minutes * MINUTE);
  const leak = { kind: 'key', service_user_id: 'service-user-a1f0a1', api_key_id: 'key-408091' } as const;
  const made = { ...report, leak, report_id: `console/${id}`, reported_at: Date.now() };
  const record = JSON.parse(named('intent with a key'));
  record.unmapped.report = made;
  await store().put(recordPath(made, '10-intent'), record, retry());
  // The note is on the wire beside the intent; the put of an outcome waits for it.
  await vi.waitFor(() =>
    expect(sandbox.s3.objects('index/open/').some(({ key }) => key.includes(id))).toBe(true),
  );
  return made;
}

const alarms = () => output.counted().filter((name) => name === 'IntentWithoutOutcome').length;
const queued = (): unknown[] => sandbox.sqs.sent().map((body) => JSON.parse(body));

test('raises the alarm once for a lost report, and queues it as it was', async () => {
  const lost = await intentAt(0, 'lost');

  expect(await runAt(14)).toEqual({ lost: 0, queued: 0, open: 0 });
  expect(await runAt(16)).toEqual({ lost: 1, queued: 1, open: 1 });
  expect(queued()).toEqual([lost]);
  for (let minute = 21; minute < 46; minute += 5) {
    expect(await runAt(minute)).toEqual({ lost: 0, queued: 0, open: 1 });
  }
  expect(alarms()).toBe(1);
});

test('leaves a report with an outcome alone', async () => {
  const settled = await intentAt(0, 'settled');
  await store().put(recordPath(settled, '90-outcome'), '{}', retry());

  expect(await runAt(20)).toEqual({ lost: 0, queued: 0, open: 0 });
});

test('tells a new loss from one that is known', async () => {
  await intentAt(0, 'first');
  await runAt(20);
  output.clear();
  await intentAt(30, 'second');

  expect(await runAt(46)).toMatchObject({ lost: 1, open: 2 });
  expect(alarms()).toBe(1);
});

test('raises the alarm alone for a report of a token, which nobody stored', async () => {
  const path = recordPath({ report_id: 'console/token', reported_at: START }, '10-intent');
  await store().put(path, named('report of a token alone, from a named caller'), retry());
  await vi.waitFor(() => expect(sandbox.s3.objects('index/open/')).toHaveLength(1));

  expect(await runAt(20)).toEqual({ lost: 1, queued: 0, open: 1 });
  for (const day of [1, 2, 27]) {
    expect(await runAt(day * 1_440)).toEqual({ lost: 0, queued: 0, open: 1 });
  }
  expect(alarms()).toBe(1);
});

test('goes on when one report cannot be queued, and tries that one again', async () => {
  const first = await intentAt(0, 'a');
  const second = await intentAt(0, 'b');
  sandbox.sqs.fault({ operation: 'SendMessage', status: 400 });
  expect(await runAt(20)).toEqual({ lost: 2, queued: 1, open: 2 });
  expect(await runAt(25)).toEqual({ lost: 0, queued: 1, open: 2 });

  expect(queued()).toHaveLength(2);
  expect(queued()).toEqual(expect.arrayContaining([first, second]));
  expect(alarms()).toBe(2);
});

test('keeps its state when the answer to the put is lost', async () => {
  await intentAt(0, 'lost');
  sandbox.s3.fault({ operation: 'PutObject', reset: 'after' });

  expect(await runAt(20)).toMatchObject({ lost: 1, open: 1 });
  expect(await runAt(25)).toMatchObject({ lost: 0, open: 1 });
});

test('fails, and changes nothing, when its state cannot be read', async () => {
  await intentAt(0, 'lost');
  await runAt(20);
  sandbox.s3.fault({ operation: 'GetObject', status: 403 });

  await expect(runAt(60)).rejects.toMatchObject({ name: 'ReconcileError' });
  expect(queued()).toHaveLength(1);
});

test('closes a report that a person acknowledges, and has who, when and why on record', async () => {
  const lost = await intentAt(0, 'known');
  await runAt(20);

  const request = { acknowledge: lost.report_id, reason: 'the key is gone, see the ticket' };
  expect(await runAt(30, request)).toEqual({ lost: 0, queued: 0, open: 0 });
  const record = JSON.parse(sandbox.s3.get(recordPath(lost, '95-acknowledged'))?.body ?? '{}');
  expect(record).toMatchObject({
    class_uid: 7001,
    time: START + 30 * MINUTE,
    actor: { invoked_by: 'console', user: { name: 'alice@example.com' } },
    unmapped: { kind: 'act', act: 'acknowledge', subject: lost.report_id, reason: request.reason },
  });
  expect(await runAt(600)).toEqual({ lost: 0, queued: 0, open: 0 });
});

test.each([
  ['of a report that is not open', { acknowledge: 'console/other', reason: 'why not' }],
  ['without a reason', { acknowledge: 'console/other' }],
  ['of what is no report', { acknowledge: '../x', reason: 'why not' }],
])('refuses an acknowledgement %s', async (_, event) => {
  await expect(runAt(20, event)).rejects.toMatchObject({ name: 'BadEventError' });
});

test('asks no more of the bucket when the log is ten times as long', async () => {
  const settle = (from: number, count: number, minute: string) => {
    for (let index = from; index < from + count; index++) {
      const done = { ...report, report_id: `console/done-${index}`, reported_at: START };
      const note = `index/open/date=2026-07-30/${minute}/${recordPath(done, '10-intent')}`;
      sandbox.s3.owner.write(sandbox.auditBucket, recordPath(done, '10-intent'), '{}', START);
      sandbox.s3.owner.write(sandbox.auditBucket, recordPath(done, '90-outcome'), '{}', START);
      sandbox.s3.owner.write(sandbox.auditBucket, note, '{}', START);
    }
  };
  const requestsAt = async (minutes: number): Promise<number> => {
    const before = sandbox.s3.requests.length;
    await runAt(minutes);
    return sandbox.s3.requests.length - before;
  };
  settle(0, 50, '1200');
  await runAt(20);
  const few = await requestsAt(25);
  settle(50, 450, '1212');
  await runAt(30);

  expect(await requestsAt(35)).toBe(few);
  expect(few).toBeLessThanOrEqual(4);
});
