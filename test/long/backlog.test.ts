import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import type { AlertSweepResult } from '../../lib/sweep/alerts/sweep-alerts.ts';
import { type Functions, startFunctions } from '../../sandbox/functions.ts';
import { type Sandbox, startSandbox } from '../../sandbox/index.ts';

const ALERTS = 10_000;
const MINUTE = 60_000;
let sandbox: Sandbox;
let functions: Functions;

afterEach(async () => {
  await functions.stop();
  await sandbox.stop();
});

/** Seconds from the webhook of a new leak to the death of its key. */
async function secondsToDeath(): Promise<number> {
  const leak = sandbox.leak({ name: 'new leak' });
  const begun = performance.now();
  await sandbox.github.deliver(functions.webhookUrl, sandbox.webhookSecret, leak.alert);
  while (sandbox.devin.isLive(leak.token)) await sleep(5);
  return (performance.now() - begun) / 1_000;
}

/** Sweeps as the schedule does, until every alert is on its queue. */
async function sweepAll(): Promise<number> {
  let queued = 0;
  for (let run = 0; run < 20 && queued < ALERTS; run++) {
    const result = (await functions.sweepAlerts.invoke({})) as AlertSweepResult;
    queued += result.alerts.queued;
    expect(result.alerts.failed).toBe(0);
  }
  return queued;
}

test('a new leak in the middle of a backlog of 10,000 alerts is dead within 5 s more than on an idle system', async () => {
  sandbox = await startSandbox();
  // All of the backlog is on its queue at once, so that the worst case is measured, not the pace.
  functions = await startFunctions(sandbox, {
    env: { BACKLOG_PER_MINUTE: '10000', PROOF_WINDOW_SECONDS: '2' },
  });
  await secondsToDeath();
  const idle = await secondsToDeath();

  for (let index = 0; index < ALERTS; index++) {
    const { service_user_id } = sandbox.devin.createServiceUser({ name: `robot ${index}` });
    const { token } = sandbox.devin.createKey(service_user_id);
    const created_at = new Date(Date.now() - 120 * MINUTE - index * 1_000).toISOString().replace(/\.\d+/, '');
    sandbox.github.createAlert({ repo: `repo-${index % 100}`, secret: token, created_at });
  }
  expect(await sweepAll()).toBe(ALERTS);
  const waiting = sandbox.sqs.backlogWaiting().length;
  expect(waiting).toBeGreaterThan(ALERTS / 2);

  const inTheMiddle: number[] = [];
  for (let leak = 0; leak < 3; leak++) inTheMiddle.push(await secondsToDeath());

  // It was in the middle: the backlog was worked on, and much of it was left.
  const left = sandbox.sqs.backlogWaiting().length;
  expect(left).toBeLessThan(waiting);
  expect(left).toBeGreaterThan(ALERTS / 4);
  console.info({ idle, inTheMiddle, waiting, left });
  expect(Math.max(...inTheMiddle)).toBeLessThan(idle + 5);
}, 540_000);
