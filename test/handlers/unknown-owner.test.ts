import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { LeakReport } from '../../lib/domain/report.ts';
import { type Sandbox, startSandbox } from '../../sandbox/index.ts';
import { alertOf, outcomeRecords } from '../../sandbox/observe.ts';
import { alertReport, sqsEvent, sqsRecord } from '../../sandbox/sqs-event.ts';
import { captureOutput, loadHandler, type Output } from '../support/load-handler.ts';

// A token that is rejected and that nobody knows: what is said of it, and the second look a day later.

let sandbox: Sandbox;
let output: Output;

beforeEach(async () => {
  sandbox = await startSandbox();
  output = captureOutput();
});
afterEach(async () => {
  output.restore();
  await sandbox.stop();
});

const DONE = { batchItemFailures: [] };
const HOUR_MS = 3_600_000;
const deliver = async (report: object) =>
  (await loadHandler('revoke', sandbox.env({ PROOF_WINDOW_SECONDS: '1' })))(sqsEvent(sqsRecord(report)));
const queued = () => sandbox.sqs.sent().map((body): LeakReport => JSON.parse(body));
const statuses = () => outcomeRecords(sandbox).map(({ unmapped }) => unmapped);

/** A leak whose token is answered 401 by everybody who asks from our address. */
async function rejectedLeak() {
  const leak = sandbox.leak();
  sandbox.devin.rejected.add(leak.token);
  expect(await deliver(alertReport(leak.alert))).toEqual(DONE);
  return leak;
}

/** Sweeps the alerts at a later time, and returns what it queued. */
async function sweepAfter(ms: number): Promise<LeakReport[]> {
  const sweep = await loadHandler('sweep-alerts', sandbox.env());
  const before = queued().length;
  const now = Date.now;
  Date.now = () => now() + ms;
  try {
    await sweep({});
  } finally {
    Date.now = now;
  }
  return queued().slice(before);
}

test('it is closed as rejected from our address, after the proof, and named as of an unknown owner', async () => {
  const { alert } = await rejectedLeak();

  expect(statuses()).toMatchObject([
    {
      status: 'already_revoked',
      evidence: 'dead_on_arrival',
      owner: 'unknown',
      reason: expect.stringMatching(/rejected from our address.*revoked, expired.*another enterprise/),
      proof: { method: 'token', probes: 3 },
    },
  ]);
  const comment = alertOf(sandbox, alert)?.resolution_comment ?? '';
  expect(comment).toMatch(/from our address/);
  expect(comment.length).toBeLessThanOrEqual(280);
});

describe('a day later', () => {
  test('it is looked at once, and never again when it is still rejected', async () => {
    const { alert } = await rejectedLeak();

    expect(await sweepAfter(20 * HOUR_MS)).toEqual([]);
    const [recheck, ...others] = await sweepAfter(26 * HOUR_MS);
    expect(others).toEqual([]);
    expect(recheck).toMatchObject({ recheck: true, leak: { kind: 'github_alert', number: alert.number } });
    expect(await deliver(recheck ?? {})).toEqual(DONE);

    expect(await sweepAfter(27 * HOUR_MS)).toEqual([]);
    expect(statuses().map(({ status }) => status)).toEqual(['already_revoked', 'already_revoked']);
    expect(alertOf(sandbox, alert)?.state).toBe('resolved');
    expect(output.counted()).not.toContain('IncidentReopened');
  });

  test('its alert is opened again with an alarm when it works, and the key is revoked', async () => {
    const leak = await rejectedLeak();
    sandbox.devin.rejected.clear();
    const states: unknown[] = [];
    sandbox.devin.onRequest = ({ method }) => {
      if (method === 'DELETE') states.push(alertOf(sandbox, leak.alert)?.state);
    };

    const [recheck] = await sweepAfter(26 * HOUR_MS);
    expect(await deliver(recheck ?? {})).toEqual(DONE);

    expect(states).toEqual(['open']);
    expect(output.counted()).toContain('IncidentReopened');
    expect(sandbox.devin.isLive(leak.token)).toBe(false);
    expect(statuses().at(-1)).toMatchObject({ status: 'revoked', alert: { closed: true } });
    expect(alertOf(sandbox, leak.alert)).toMatchObject({ state: 'resolved', resolution: 'revoked' });
  });

  test('its alert stays open when it works and nobody here can revoke it', async () => {
    const leak = await rejectedLeak();
    sandbox.devin.rejected.clear();
    sandbox.devin.fault({
      operation: 'listServiceUserApiKeys',
      status: 404,
      times: Number.POSITIVE_INFINITY,
    });

    const [recheck] = await sweepAfter(26 * HOUR_MS);
    expect(await deliver(recheck ?? {})).toEqual(DONE);

    expect(statuses().at(-1)).toMatchObject({ status: 'escalated' });
    expect(alertOf(sandbox, leak.alert)?.state).toBe('open');
  });
});

test('a token that an earlier report knew is not of an unknown owner, and is not looked at again', async () => {
  const leak = sandbox.leak();
  const elsewhere = sandbox.github.createAlert({ repo: 'api', secret: leak.token });
  await deliver(alertReport(leak.alert));
  await deliver(alertReport(elsewhere));

  expect(statuses().at(-1)).not.toHaveProperty('owner');
  expect(await sweepAfter(26 * HOUR_MS)).toEqual([]);
});
