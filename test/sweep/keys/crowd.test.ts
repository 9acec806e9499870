import { afterEach, expect, test } from 'vitest';
import { startCrowd } from '../../../sandbox/devin-crowd.ts';
import { startSandbox } from '../../../sandbox/index.ts';
import { captureOutput, lambdaContext, loadHandler } from '../../support/load-handler.ts';

const stops: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

// The whole size is `npm run bench:sweep`.
test('judges every key of 3,000 service users once while some come and go, over as many invocations as it takes', async () => {
  const sandbox = await startSandbox();
  const crowd = await startCrowd({ users: 3_000, keys: 3, expiredEvery: 200, expiringEvery: 500 });
  const output = captureOutput();
  stops.push(output.restore, crowd.stop, sandbox.stop);
  const env = sandbox.env({ DEVIN_API_URL: crowd.url, SWEEP_MODE: 'enforce', SWEEP_QUEUE_URL: undefined });
  const sweep = await loadHandler('sweep-keys', env);
  // Each invocation has the time for some pages and no more; a person or a script continues.
  const context = () => lambdaContext({ getRemainingTimeInMillis: () => 10_000 });

  let result = await sweep({}, context());
  while (result.status === 'unfinished') {
    const { next } = result;
    result = await sweep({ Records: [{ body: JSON.stringify(next) }] }, context());
  }

  const { never, twice, users } = crowd.listed();
  expect(users).toBeGreaterThan(3_000);
  expect(never).toBe(0);
  expect(result).toMatchObject({ status: 'enforced', totals: { users } });
  const reports = sandbox.sqs.backlogSent().map((body) => JSON.parse(body).report_id);
  const { totals } = result.status === 'enforced' ? result : expect.fail();
  expect(new Set(reports).size).toBe(totals.revoke);
  // Those that are to be revoked were looked at once more; nobody else was.
  expect(twice).toBe(totals.revoke);
  const decided = Object.values(totals.rules).reduce((sum, count) => sum + count, 0);
  expect(decided).toBe(totals.keys);
  const pages = sandbox.s3.objects('plans/').filter(({ key }) => key.includes('/pages/'));
  // On a slow machine, a page ends with its invocation.
  expect(pages.length).toBeGreaterThanOrEqual(Math.ceil(users / 1_000));
  expect(pages.length).toBeLessThanOrEqual(Math.ceil(users / 200));
}, 90_000);
