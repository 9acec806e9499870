import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ServiceUserListing } from '../../../lib/clients/devin-shapes.ts';
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
  policy: { warnDays: [], exempt: [] },
  caps: { maxRevocations: 25, maxRatio: 1 },
  own: ['service-user-own'],
});

let output: Output;
beforeEach(() => {
  output = captureOutput();
});
afterEach(() => output.restore());

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
    withinMs = 60_000,
  } = {},
) {
  const { firstName, store } = bucket.failing((name) => name === 'list' && isDown);
  const stop = killSwitch(store, firstName);
  if (isStopped) await stop.set('stop', { reason: 'test', requestId: 'request' }, { deadline: Date.now() });
  const queued: Continuation[] = [];
  let listed = 0;
  const planned = await makePlan(
    START,
    { page: from, attempt },
    {
      devin: {
        listServiceUsers: async () => listings[listed++] ?? expect.fail('no further listing'),
        listKeys: async () => ({ ok: true, keys: [] }),
      },
      plans: planStore(store, firstName, Date.now() + 10_000),
      killSwitch: stop,
      ownServiceUsers: async () => START.own,
      settings: START,
      send: async () => expect.fail('a plan queues nothing'),
      ...(isChained && { enqueueContinuation: async (next) => void queued.push(next) }),
      notify: async () => true,
      notifyOwner: async () => true,
      pageUsers: 1,
      planDays: 7,
      dryRun: false,
      requestId: 'request',
      deadline: Date.now() + withinMs,
    },
  );
  return { planned, queued, listed };
}

const page = (id: string, next: string | null): ServiceUserListing => ({
  ok: true,
  users: [{ service_user_id: `service-user-${id}`, name: 'robot' }],
  next,
  total: undefined,
  date: Date.now(),
});
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
