import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BuildOptions, build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Sandbox, startSandbox } from '../../sandbox/index.ts';
import { type SandboxFunction, startFunction } from '../../sandbox/lambda.ts';
import { alertOf, outcomeObjects } from '../../sandbox/observe.ts';
import { sqsEvent, sqsRecord } from '../../sandbox/sqs-event.ts';

// The process is killed at every request that `contain` makes, before and after the request takes effect: between two
// requests nothing outside of the process changes, so this is every await. The message then comes back to a new one.

const buildOptions: () => BuildOptions = createRequire(import.meta.url)('../../esbuild.config.cjs');
let folder: string;
let bundle: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'revoke-'));
  bundle = join(folder, 'revoke.cjs');
  await build({ ...buildOptions(), entryPoints: ['handlers/revoke.ts'], outfile: bundle });
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const scenarios = {
  'a GitHub alert': (sandbox: Sandbox) => {
    const leak = sandbox.leak();
    const { number, owner, repo } = leak.alert;
    return {
      leak,
      reported: { kind: 'github_alert', owner, repo, number },
      detector: 'github',
      invoked_by: 'webhook',
    };
  },
  'a key by its ids': (sandbox: Sandbox) => {
    const leak = sandbox.leak();
    const { api_key_id, service_user_id } = leak;
    return {
      leak,
      reported: { kind: 'key', service_user_id, api_key_id },
      detector: 'sweep',
      invoked_by: 'schedule',
    };
  },
};

describe.each(Object.entries(scenarios))('%s', (_, arrange) => {
  test('ends in exactly one true outcome, wherever the process is killed', { timeout: 180_000 }, async () => {
    const { requests } = await run(arrange, undefined);
    expect(requests).toBeGreaterThanOrEqual(5);
    const points = Array.from({ length: requests }, (_, nth) =>
      (['before', 'after'] as const).map((when) => ({ nth, when })),
    ).flat();

    const results = [];
    for (const point of points) results.push({ ...point, ...(await run(arrange, point)) });

    expect(results.filter(({ killedAt }) => killedAt !== undefined)).toHaveLength(points.length);
    expect(results.map(({ killedAt, nth, when, problems }) => ({ nth, when, killedAt, problems }))).toEqual(
      results.map(({ killedAt, nth, when }) => ({ nth, when, killedAt, problems: [] })),
    );
    process.stdout.write(`${table(results)}\n`);
  });
});

type Point = { nth: number; when: 'before' | 'after' };

async function run(arrange: (typeof scenarios)[keyof typeof scenarios], point: Point | undefined) {
  const sandbox = await startSandbox({ sqs: false });
  const { leak, ...how } = arrange(sandbox);
  const env = { ...sandbox.env(), LEAK_QUEUE_URL: '' };
  const servers = [sandbox.devin, sandbox.github, sandbox.secrets, sandbox.s3];
  let seen = 0;
  let killedAt: string | undefined;
  let deletedAt = Number.POSITIVE_INFINITY;
  let deletedByFirst = false;
  let intentFirst = true;
  let doomed: SandboxFunction | undefined;

  for (const server of servers) {
    const order = new Map<object, number>();
    server.onArrival = async (entry) => {
      order.set(entry, seen++);
      if (doomed === undefined || point?.when !== 'before' || order.get(entry) !== point.nth)
        return undefined;
      killedAt = `${entry.operation ?? entry.method}`;
      await doomed.stop();
      return 'hang up';
    };
    server.onRequest = async (entry) => {
      if (entry.operation === 'revokeServiceUserApiKey' && entry.status === 200) {
        deletedAt = Date.now();
        deletedByFirst = doomed !== undefined;
        intentFirst = sandbox.s3.objects('records/').some(({ key }) => key.endsWith('/10-intent.json'));
      }
      if (doomed === undefined || point?.when !== 'after' || order.get(entry) !== point.nth) return;
      killedAt = `${entry.operation ?? entry.method}`;
      await doomed.stop();
    };
  }
  try {
    const event = (count: number) => delivery(how, count);
    const start = () => startFunction({ name: 'revoke', bundle, env });
    doomed = start();
    await doomed.invoke(event(1)).catch(() => undefined);
    const requests = seen;
    await doomed.stop();
    doomed = undefined;
    // Whether anything on record tells of the DELETE, or will, since it is still to be sent.
    const mayClaim =
      !deletedByFirst || sandbox.s3.objects('records/').some(({ key }) => /30-delete|90-/.test(key));
    for (let count = 2; count <= 4; count++) {
      const next = start();
      const answer = await next.invoke(event(count));
      await next.stop();
      if (JSON.stringify(answer) === '{"batchItemFailures":[]}') break;
      if (count === 4) return { requests, killedAt, problems: ['the message does not settle'] };
    }
    const outcomes = outcomeObjects(sandbox);
    const closings = sandbox.s3.objects('records/').filter(({ key }) => key.endsWith('/70-alert.json'));
    const facts = JSON.parse(outcomes[0]?.body ?? '{}').unmapped ?? {};
    const alert = alertOf(sandbox, leak.alert);
    const wantsAlert = how.detector === 'github';
    const problems = [
      outcomes.length !== 1 && `${outcomes.length} outcomes`,
      facts.status !== (mayClaim ? 'revoked' : 'already_revoked') && `it says ${facts.status}`,
      facts.api_key_id !== leak.api_key_id && `it names the key ${facts.api_key_id}`,
      sandbox.devin.isLive(leak.token) && 'the key lives',
      !(facts.proof?.at >= Math.floor(deletedAt)) && 'the proof is older than the revocation',
      !intentFirst && 'no intent before the DELETE',
      wantsAlert && alert?.state !== 'resolved' && 'the alert is open',
      wantsAlert && closings.length !== 1 && `${closings.length} records of the alert`,
    ].filter((problem) => problem !== false);
    return { requests, killedAt, problems, status: facts.status, evidence: facts.evidence };
  } finally {
    await doomed?.stop();
    await sandbox.stop();
  }
}

const reported_at = Date.parse('2026-07-30T08:26:40.000Z');

function delivery(
  { detector, invoked_by, reported }: { reported: object; detector: string; invoked_by: string },
  count: number,
) {
  const report = {
    version: 1,
    report_id: `${detector}/acme/webshop/1`,
    detector,
    invoked_by,
    reported_at,
    seen_at: Date.now(),
    leak: reported,
  };
  return sqsEvent(sqsRecord(report, { receiveCount: count }));
}

function table(
  results: readonly (Point & { killedAt: string | undefined; status?: string; evidence?: string })[],
): string {
  return results
    .map(
      ({ evidence, killedAt, nth, status, when }) =>
        `killed ${when} ${nth + 1} ${killedAt}: ${status}, ${evidence}`,
    )
    .join('\n');
}
