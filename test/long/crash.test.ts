import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildWorker, crashMatrix, table } from '../support/crash-matrix.ts';

let worker: Awaited<ReturnType<typeof buildWorker>>;

beforeAll(async () => {
  worker = await buildWorker();
});
afterAll(() => worker.remove());

test('two tokens in one secret end in one true outcome, wherever the process is killed', {
  timeout: 600_000,
}, async () => {
  const results = await crashMatrix((sandbox) => {
    const leaks = [sandbox.leak({ repo: 'one' }), sandbox.leak({ repo: 'two' })];
    const secret = leaks.map((leak) => leak.token).join(' ');
    const alert = sandbox.github.createAlert({ secret });
    const reported = { kind: 'github_alert', ...alert };
    return { leaks, reported, detector: 'github', invoked_by: 'webhook' };
  }, worker.bundle);

  expect(results.length).toBeGreaterThanOrEqual(40);
  expect(results.filter(({ killedAt, problems }) => killedAt === undefined || problems.length > 0)).toEqual(
    [],
  );
  process.stdout.write(`${table(results)}\n`);
});
