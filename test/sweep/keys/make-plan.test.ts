import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { ApiKey, ServiceUserListing } from '../../../lib/clients/devin-shapes.ts';
import { killSwitch } from '../../../lib/sweep/keys/kill-switch.ts';
import { makePlan } from '../../../lib/sweep/keys/make-plan.ts';
import { Start } from '../../../lib/sweep/keys/plan.ts';
import { planStore } from '../../../lib/sweep/keys/plan-store.ts';
import type { Continuation } from '../../../lib/sweep/keys/read-order.ts';
import { captureOutput, type Output } from '../../support/load-handler.ts';
import { memoryBucket } from '../../support/memory-bucket.ts';

const START = Start.parse({
  version: 1,
  plan_id: '20261123T030000Z-00000000',
  started_at: Date.now(),
  mode: 'enforce',
  policy: { warnDays: [14], exempt: [] },
  caps: { maxRevocations: 25, maxRatio: 1 },
  own: ['service-user-own'],
});

let output: Output;
beforeEach(() => {
  output = captureOutput();
});
afterEach(() => {
  vi.useRealTimers();
  output.restore();
});

/** Makes the plan of what these listings show, one page for each. */
async function make(
  listings: readonly ServiceUserListing[],
  {
    attempt = 1,
    bucket = memoryBucket(),
    from = 1,
    isChained = false,
    isDown = false,
    isStopped = false,
    keys = [] as readonly ApiKey[],
    takes = 0,
    withinMs = 60_000,
  } = {},
) {
  const { firstName, store } = bucket.failing((name) => name === 'list' && isDown);
  const stop = killSwitch(store, firstName);
  if (isStopped) await stop.set('stop', { reason: 'test', requestId: 'request' }, { deadline: Date.now() });
  const queued: Continuation[] = [];
  const warnings: string[] = [];
  let listed = 0;
  const planned = await makePlan(
    START,
    { page: from, attempt },
    {
      devin: {
        listServiceUsers: async () => {
          if (takes > 0) vi.setSystemTime(Date.now() + takes);
          return listings[listed++] ?? expect.fail('no further listing');
        },
        listKeys: async () => ({ ok: true, keys }),
      },
      plans: planStore(store, firstName, Date.now() + 10_000),
      killSwitch: stop,
      ownServiceUsers: async () => START.own,
      settings: START,
      send: async () => expect.fail('a plan queues nothing'),
      ...(isChained && { enqueueContinuation: async (next) => void queued.push(next) }),
      notify: async (_subject, text) => warnings.push(text) > 0,
      notifyOwner: async () => true,
      pageUsers: 1,
      planDays: 7,
      dryRun: false,
      requestId: 'request',
      deadline: Date.now() + withinMs,
    },
  );
  return { planned, queued, listed, warnings };
}

const page = (id: string, next: string | null): ServiceUserListing => ({
  ok: true,
  users: [{ service_user_id: `service-user-${id}`, name: 'robot' }],
  next,
  total: undefined,
  date: Date.now(),
});
const now = Math.floor(Date.now() / 1_000);
const KEY: ApiKey = {
  api_key_id: 'key-a',
  api_key_name: 'ci',
  created_at: now - 86_400,
  expires_at: now + 5 * 86_400,
  revoked_at: null,
  last_used_at: null,
  is_active: true,
};
const refused: ServiceUserListing = { ok: false, reason: 'HTTP 503', retryable: true };

describe('a plan', () => {
  test('is made of all pages', async () => {
    const { planned } = await make([page('a', '1'), page('b', null)]);

    expect(planned).toMatchObject({ status: 'planned', last: { page: 2, totals: { users: 2 } } });
    expect(planned).not.toHaveProperty('broken');
  });

  test.each([
    ['by an error that passes, when no invocation is left to try again', refused, false, 1],
    ['by an error that passes, for the sixth time', refused, true, 5],
    ['by an error that stays', { ...refused, retryable: false }, true, 1],
  ])('is planned as a broken one when its listing is refused %s', async (_, refusal, isChained, attempt) => {
    const { planned, queued } = await make([refusal], { attempt: attempt + Number(attempt > 1), isChained });

    expect(planned).toEqual({ status: 'planned', last: undefined, broken: 'HTTP 503' });
    expect(queued).toEqual([]);
  });

  test('is planned as a broken one when its second page is refused', async () => {
    const { planned } = await make([page('a', '1'), refused]);

    expect(planned).toMatchObject({ status: 'planned', last: { page: 1 }, broken: 'HTTP 503' });
  });

  test('goes on later when its listing is refused for now', async () => {
    const { planned, queued } = await make([refused], { isChained: true });

    expect(planned).toMatchObject({ status: 'unfinished' });
    expect(queued).toMatchObject([{ phase: 'plan', page: 1, attempt: 2 }]);
  });

  test('goes on with the page after the last one that is stored, and makes none twice', async () => {
    const bucket = memoryBucket();
    const first = await make([page('a', '1'), refused], { bucket, isChained: true });
    expect(first.queued).toMatchObject([{ page: 2, attempt: 2 }]);
    const again = await make([page('b', null)], { bucket, from: 2 });
    const repeated = await make([], { bucket, from: 1 });

    expect(again).toMatchObject({ planned: { last: { page: 2, totals: { users: 2 } } }, listed: 1 });
    expect(repeated).toMatchObject({ planned: { last: { page: 2, totals: { users: 2 } } }, listed: 0 });
  });

  test('goes on in a later invocation when no time is left for another page', async () => {
    const { listed, planned, queued } = await make([page('a', '1')], { isChained: true, withinMs: -1 });

    expect(planned).toMatchObject({ status: 'unfinished' });
    expect(queued).toMatchObject([{ phase: 'plan', page: 2, attempt: 1 }]);
    expect(listed).toBe(1);
  });

  test.each([
    ['goes on with a page that can be expected to end in time', 30_000, 2],
    ['goes on later before a page that may take too long', 29_999, 1],
  ])('%s', async (_, withinMs, pages) => {
    vi.useFakeTimers({ now: Date.now(), toFake: ['Date'] });
    const given = [page('a', '1'), page('b', '2'), page('c', '3')];
    const { listed, queued } = await make(given, { isChained: true, takes: 10_000, withinMs });

    expect(listed).toBe(pages);
    expect(queued).toMatchObject([{ page: pages + 1, attempt: 1 }]);
  });

  test('counts the attempts at each page by itself', async () => {
    const given = { attempt: 3, isChained: true };

    expect((await make([refused], given)).queued).toMatchObject([{ page: 1, attempt: 4 }]);
    expect((await make([page('a', '1'), refused], given)).queued).toMatchObject([{ page: 2, attempt: 2 }]);
  });

  test('lists keys that never expire by their ids alone', async () => {
    const { planned } = await make([page('a', null)], { keys: [{ ...KEY, expires_at: null }] });

    expect(planned).toMatchObject({ last: { entries: [], no_expiry: { 'service-user-a': ['key-a'] } } });
  });

  test('warns of the keys that expire soon', async () => {
    const { warnings } = await make([page('a', null)], { keys: [KEY] });

    expect(warnings).toEqual([expect.stringContaining('in 5 days')]);
  });

  test('is not made while sweeps are stopped', async () => {
    const { listed, planned } = await make([page('a', null)], { isStopped: true, isChained: true });

    expect(planned).toMatchObject({ status: 'stopped', reason: 'sweeps are stopped' });
    expect(listed).toBe(0);
  });

  test('is not made while the kill switch cannot be read, and tried again', async () => {
    const given = [page('a', null)];

    expect(await make(given, { isDown: true })).toMatchObject({ planned: { status: 'stopped' }, listed: 0 });
    expect(await make(given, { isDown: true, isChained: true })).toMatchObject({
      planned: { status: 'unfinished' },
      listed: 0,
    });
  });
});
