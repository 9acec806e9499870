import { describe, expect, test } from 'vitest';
import { readOrder } from '../../../lib/sweep/keys/read-order.ts';

const NOW = Date.parse('2026-11-23T03:00:00Z');
const PLAN = '20261123T030000Z-0a1b2c3d';
const read = (event: unknown) => readOrder(event, { requestId: 'request', now: NOW });
const continuation = { version: 1, plan_id: PLAN, phase: 'act', page: 3, attempt: 2 };

describe('an order', () => {
  test.each([
    ['to release a plan', { release: PLAN }, { order: 'release', plan_id: PLAN, reason: 'no reason given' }],
    [
      'to release a plan, with its reason',
      { release: PLAN, reason: 'checked' },
      { order: 'release', plan_id: PLAN, reason: 'checked' },
    ],
    [
      'to continue a plan',
      { continue: PLAN },
      { order: 'continue', version: 1, plan_id: PLAN, phase: 'plan', page: 1, attempt: 1 },
    ],
    [
      'of its own queue',
      { Records: [{ body: JSON.stringify(continuation) }] },
      { order: 'continue', ...continuation },
    ],
    ['to stop', { stop: 'an incident' }, { order: 'stop', reason: 'an incident' }],
    ['to resume', { resume: 'it is over' }, { order: 'resume', reason: 'it is over' }],
  ])('%s is read', (_, event, order) => {
    expect(read(event)).toEqual(order);
  });

  test.each([
    ['nothing', undefined, false],
    ['an empty object', {}, false],
    ['a dry run', { dry_run: true }, true],
    ['no dry run', { dry_run: false }, false],
  ])('of %s starts a plan of this moment', (_, event, dry_run) => {
    expect(read(event)).toEqual({
      order: 'start',
      plan_id: expect.stringMatching(/^20261123T030000Z-[0-9a-f]{8}$/),
      dry_run,
      invoked_by: 'console',
    });
  });

  test('of a schedule starts the same plan however often it is delivered', () => {
    const due = { scheduled_at: '2026-11-23T02:00:00Z' };
    const rule = { 'detail-type': 'Scheduled Event', id: 'event', time: due.scheduled_at };
    expect(read(due)).toMatchObject({
      order: 'start',
      plan_id: expect.stringMatching(/^20261123T020000Z-/),
      invoked_by: 'schedule',
    });
    expect(readOrder(due, { requestId: 'another', now: NOW + 60_000 })).toEqual(read(due));
    expect(read(rule)).toEqual(read(due));
  });

  test('of a schedule that is days old starts a plan of this moment', () => {
    expect(read({ scheduled_at: '2026-11-20T02:00:00Z' })).toEqual(read({}));
  });

  test.each([
    ['of two kinds', { stop: 'now', resume: 'now' }],
    ['with a field too many', { release: PLAN, dry_run: true }],
    ['with a field that is ours', { request: 'stop', stop: 'now' }],
    ['of a plan id that is not one', { release: '../x' }],
    ['without a reason', { stop: '' }],
    ['at a time that is not one', { scheduled_at: 'soon' }],
    ['that is text', 'stop'],
    ['that is a list', []],
  ])('%s is refused with all that is expected', (_, event) => {
    expect(() => read(event)).toThrow(/^bad event: must be \{\}, .*"release".*"resume": reason\}$/);
  });

  test.each([
    ['with a page that is not one', { ...continuation, page: 0 }],
    ['with more than a continuation', { ...continuation, order: 'stop' }],
  ])('of its own queue %s is refused', (_, body) => {
    expect(() => read({ Records: [{ body: JSON.stringify(body) }] })).toThrow('not a continuation');
  });
});
