import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BuildOptions, build } from 'esbuild';
import { type Sandbox, startSandbox } from '../../sandbox/index.ts';
import { type SandboxFunction, startFunction } from '../../sandbox/lambda.ts';
import { alertOf, outcomeObjects } from '../../sandbox/observe.ts';
import { sqsEvent, sqsRecord } from '../../sandbox/sqs-event.ts';

// The process is killed at every request that `contain` makes, before and after the request takes effect: between two
// requests nothing outside of the process changes, so this is every await. The message then comes back to a new one.

type Leak = ReturnType<Sandbox['leak']>;

/** A report, and the leaks in it, in the order of its secret. */
export type Arrangement = {
  leaks: readonly Leak[];
  reported: { kind: string; [field: string]: unknown };
  detector: string;
  invoked_by: string;
};
export type Arrange = (sandbox: Sandbox) => Arrangement;
export type Point = { nth: number; when: 'before' | 'after' };

const buildOptions: () => BuildOptions = createRequire(import.meta.url)('../../esbuild.config.cjs');

/** Builds the worker into a folder of its own. */
export async function buildWorker() {
  const folder = mkdtempSync(join(tmpdir(), 'revoke-'));
  const bundle = join(folder, 'revoke.cjs');
  await build({ ...buildOptions(), entryPoints: ['handlers/revoke.ts'], outfile: bundle });
  return { bundle, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** Every point at which the first delivery can be killed. @returns what was wrong with each, in words */
export async function crashMatrix(arrange: Arrange, bundle: string) {
  const { requests } = await run(arrange, bundle, undefined);
  const points = Array.from({ length: requests }, (_, nth) =>
    (['before', 'after'] as const).map((when) => ({ nth, when })),
  ).flat();
  const results = [];
  for (const point of points) results.push({ ...point, ...(await run(arrange, bundle, point)) });
  return results;
}

/** What is on record of the DELETE of a key, when it took effect. */
interface Deleted {
  readonly at: number;
  readonly byFirst: boolean;
  readonly afterIntent: boolean;
}

async function run(arrange: Arrange, bundle: string, point: Point | undefined) {
  const sandbox = await startSandbox({ sqs: false });
  const { leaks, ...how } = arrange(sandbox);
  const env = { ...sandbox.env(), LEAK_QUEUE_URL: '' };
  const servers = [sandbox.devin, sandbox.github, sandbox.secrets, sandbox.s3];
  const records = () => sandbox.s3.objects('records/').map(({ key }) => key);
  const deleted = new Map<string, Deleted>();
  let seen = 0;
  let killedAt: string | undefined;
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
        const afterIntent = records().some((key) => /\/10-intent[^/]*$/.test(key));
        const key = entry.path.split('/').at(-1) ?? '';
        deleted.set(key, { at: Date.now(), byFirst: doomed !== undefined, afterIntent });
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
    const left = records();
    for (let count = 2; count <= 4; count++) {
      const next = start();
      const answer = await next.invoke(event(count));
      await next.stop();
      if (JSON.stringify(answer) === '{"batchItemFailures":[]}') break;
      if (count === 4) return { requests, killedAt, problems: ['the message does not settle'] };
    }
    const outcomes = outcomeObjects(sandbox);
    const facts = JSON.parse(outcomes[0]?.body ?? '{}').unmapped ?? {};
    const parts = leaks.length === 1 ? [facts] : (facts.leaks ?? []);
    const problems = [
      outcomes.length !== 1 && `${outcomes.length} outcomes`,
      ...leaks.flatMap((leak, index) => {
        const { api_key_id } = leak;
        const death = deleted.get(api_key_id);
        // What is not on record is not claimed; what is still to be sent then is.
        const shouldNotify = left.some((key) => key.includes('/90-') || key.endsWith(`-${api_key_id}.json`));
        const expected = death?.byFirst && !shouldNotify ? 'already_revoked' : 'revoked';
        const part = parts[index] ?? {};
        return [
          part.status !== expected && `it says ${part.status}`,
          part.api_key_id !== api_key_id && `it names the key ${part.api_key_id}`,
          sandbox.devin.isLive(leak.token) && 'the key lives',
          !(part.proof?.at >= Math.floor(death?.at ?? Number.POSITIVE_INFINITY)) &&
            'the proof is older than the revocation',
          !death?.afterIntent && 'no intent before the DELETE',
        ];
      }),
      ...(how.detector === 'github' ? alertProblems(sandbox, how, records()) : []),
    ].filter((problem) => problem !== false);
    return { requests, killedAt, problems, status: facts.status, evidence: facts.evidence };
  } finally {
    await doomed?.stop();
    await sandbox.stop();
  }
}

function alertProblems(sandbox: Sandbox, { reported }: Omit<Arrangement, 'leaks'>, records: string[]) {
  const { number, owner, repo } = reported;
  const alert = alertOf(sandbox, { owner: String(owner), repo: String(repo), number: Number(number) });
  const closings = records.filter((key) => key.endsWith('/70-alert.json'));
  return [
    alert?.state !== 'resolved' && 'the alert is open',
    closings.length !== 1 && `${closings.length} records of the alert`,
  ];
}

const reported_at = Date.parse('2026-07-30T08:26:40.000Z');

function delivery({ detector, invoked_by, reported }: Omit<Arrangement, 'leaks'>, count: number) {
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

/** One line for each point. */
export function table(
  results: readonly (Point & { killedAt: string | undefined; status?: string; evidence?: string })[],
): string {
  return results
    .map(
      ({ evidence, killedAt, nth, status, when }) =>
        `killed ${when} ${nth + 1} ${killedAt}: ${status}, ${evidence}`,
    )
    .join('\n');
}
