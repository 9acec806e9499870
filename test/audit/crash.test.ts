import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Arrange, buildWorker, crashMatrix, table } from '../support/crash-matrix.ts';

let worker: Awaited<ReturnType<typeof buildWorker>>;

beforeAll(async () => {
  worker = await buildWorker();
}, 60_000);
afterAll(() => worker.remove());

const scenarios: Record<string, Arrange> = {
  'a GitHub alert': (sandbox) => {
    const leak = sandbox.leak();
    const { number, owner, repo } = leak.alert;
    return {
      leaks: [leak],
      reported: { kind: 'github_alert', owner, repo, number },
      detector: 'github',
      invoked_by: 'webhook',
    };
  },
  'a key by its ids': (sandbox) => {
    const leak = sandbox.leak();
    const { api_key_id, service_user_id } = leak;
    return {
      leaks: [leak],
      reported: { kind: 'key', service_user_id, api_key_id },
      detector: 'sweep',
      invoked_by: 'schedule',
    };
  },
};

describe.each(Object.entries(scenarios))('%s', (_, arrange) => {
  test('ends in exactly one true outcome, wherever the process is killed', { timeout: 180_000 }, async () => {
    const results = await crashMatrix(arrange, worker.bundle);

    expect(results.length).toBeGreaterThanOrEqual(10);
    expect(results.filter(({ killedAt, problems }) => killedAt === undefined || problems.length > 0)).toEqual(
      [],
    );
    process.stdout.write(`${table(results)}\n`);
  });
});
