import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { OpenReport } from '../../../lib/audit/reconcile/open-report.ts';
import { folderOf, isOf, type ReconcileParts, reconcile } from '../../../lib/audit/reconcile/reconcile.ts';
import { readState } from '../../../lib/audit/reconcile/state.ts';
import { recordPath } from '../../../lib/audit/record-path.ts';
import { openNote } from '../../../lib/audit/stored-note.ts';
import { ListError, type StoredObject } from '../../../lib/aws/list-objects.ts';
import type { AuditStore } from '../../../lib/aws/write-once-bucket.ts';
import type { LeakReport } from '../../../lib/domain/report.ts';
import { captureOutput, type Output } from '../../support/load-handler.ts';

// A run over a bucket in memory, so that each step can be made to fail and thousands of reports are quick.

const MINUTE = 60_000;
const NOW = Date.parse('2026-07-30T12:00:30Z');
let output: Output;
beforeEach(() => {
  output = captureOutput();
  vi.useFakeTimers({ now: NOW, toFake: ['Date'] });
});
afterEach(() => {
  vi.useRealTimers();
  output.restore();
});

const reportOf = (id: string, reported_at = NOW - 60 * MINUTE): LeakReport => ({
  version: 1,
  report_id: `console/${id}`,
  detector: 'console',
  invoked_by: 'console',
  reported_at,
  seen_at: reported_at,
  leak: { kind: 'key', service_user_id: 'service-user-a', api_key_id: 'key-a' },
});
const intentOf = (id: string): string => recordPath(reportOf(id), '10-intent');
const folder = (id: string): string => folderOf(intentOf(id));

function bucket() {
  const objects = new Map<string, { text: string; storedAt: number }>();
  /** Keys by their folder. */
  const folders = new Map<string, string[]>();
  const asked = { pages: [] as string[], lists: [] as string[], gets: [] as string[], states: 0 };
  const sent: LeakReport[] = [];
  const names = (prefix: string, startAfter = ''): string[] =>
    [...objects.keys()].filter((key) => key.startsWith(prefix) && key > startAfter).sort();
  const listed = (key: string): StoredObject => ({
    key,
    size: 1,
    storedAt: objects.get(key)?.storedAt ?? expect.fail(key),
  });
  const put = (key: string, minutesAgo: number, text = '{}'): void => {
    objects.set(key, { text, storedAt: NOW - minutesAgo * MINUTE });
    folders.set(folderOf(key), [...(folders.get(folderOf(key)) ?? []), key]);
  };
  const store: AuditStore = {
    async put(path, record) {
      if (objects.has(path)) return { result: 'exists' };
      asked.states += 1;
      put(path, 0, typeof record === 'string' ? record : JSON.stringify(record));
      return { result: 'stored' };
    },
    async get(path) {
      if (path.startsWith('records/')) asked.gets.push(path);
      return { ok: true, text: objects.get(path)?.text };
    },
  };
  const parts: ReconcileParts = {
    store,
    firstName: async ({ prefix, startAfter }) => ({ ok: true, name: names(prefix, startAfter)[0] }),
    list: async (prefix) => {
      asked.lists.push(prefix);
      return (folders.get(prefix) ?? []).map(listed);
    },
    async *pages(prefix, { startAfter }) {
      asked.pages.push(prefix);
      const found = names(prefix, startAfter);
      for (let from = 0; from < found.length; from += 1_000) {
        yield found.slice(from, from + 1_000).map(listed);
      }
    },
    queue: { send: async (report) => void sent.push(report) },
    now: NOW,
    deadline: NOW + 60_000,
  };
  return {
    asked,
    objects,
    parts,
    put,
    sent,
    /** An intent and its note, stored so many minutes ago. */
    intend(id: string, minutesAgo: number, { name = '10-intent', text = '' } = {}) {
      const path = recordPath(reportOf(id), name);
      put(path, minutesAgo, text || JSON.stringify({ unmapped: { report: reportOf(id) } }));
      put(openNote(path, NOW - minutesAgo * MINUTE) ?? expect.fail(path), minutesAgo);
    },
    run: (given: Partial<ReconcileParts> = {}) => reconcile({ ...parts, ...given }),
    state: async () => (await readState(parts)).state,
  };
}

const logged = () =>
  output.entries().flatMap(({ level, time: _time, ...entry }) => (level ? [{ level, ...entry }] : []));
const open = (id: string, given: Partial<OpenReport> = {}): OpenReport => ({
  intent: intentOf(id),
  queued: 0,
  next: 0,
  ...given,
});

describe('a report that was lost', () => {
  test('raises an alarm, is queued as it was, and is looked at again later', async () => {
    const world = bucket();
    world.intend('lost', 20);

    expect(await world.run()).toEqual({ lost: 1, queued: 1, open: 1 });
    expect(world.sent).toEqual([reportOf('lost')]);
    expect((await world.state()).open).toEqual([
      open('lost', { lost_at: NOW, queued: 1, next: NOW + 30 * MINUTE }),
    ]);
    expect(output.counted()).toEqual(['IntentWithoutOutcome', 'LostReportsOpen']);
    expect(logged()).toEqual([
      { level: 'error', message: 'an intent has no outcome', folder: folder('lost') },
      { level: 'warn', message: 'a lost report is queued again', folder: folder('lost'), times: 1 },
    ]);
  });

  test('is not looked at before it is due, unless a person acknowledged it', async () => {
    const world = bucket();
    world.intend('lost', 20);
    await world.run();
    world.asked.lists.length = 0;
    const later = { now: NOW + 29 * MINUTE };

    expect(await world.run(later)).toEqual({ lost: 0, queued: 0, open: 1 });
    expect(await world.run({ ...later, acknowledged: 'console/other' })).toEqual({
      lost: 0,
      queued: 0,
      open: 1,
    });
    expect(world.asked.lists).toEqual([]);
    world.put(recordPath(reportOf('lost'), '95-acknowledged'), 0);
    expect(await world.run({ ...later, acknowledged: 'console/lost' })).toEqual({
      lost: 0,
      queued: 0,
      open: 0,
    });
  });

  test('is looked at once it is due, and raises no second alarm', async () => {
    const world = bucket();
    world.intend('lost', 20);
    await world.run();
    output.clear();

    expect(await world.run({ now: NOW + 30 * MINUTE })).toEqual({ lost: 0, queued: 1, open: 1 });
    expect(output.counted()).toEqual(['LostReportsOpen']);
    expect((await world.state()).open).toMatchObject([{ lost_at: NOW, queued: 2 }]);
  });

  test('that cannot be made again raises the alarm once, and is queued never', async () => {
    const world = bucket();
    world.intend('token', 20, { text: '{"unmapped":{}}' });

    expect(await world.run()).toEqual({ lost: 1, queued: 0, open: 1 });
    expect(await world.run({ now: NOW + 30 * MINUTE })).toEqual({ lost: 0, queued: 0, open: 1 });
    expect(logged()).toEqual([
      { level: 'error', message: 'an intent has no outcome', folder: folder('token') },
    ]);
    expect((await world.state()).open).toMatchObject([{ lost_at: NOW, queued: 0 }]);
  });

  test.each<[string, AuditStore['get']]>([
    ['cannot be read', async () => ({ ok: false, reason: 'HTTP 503' })],
    ['is not there', async () => ({ ok: true, text: undefined })],
  ])('is not queued when its intent %s', async (_, get) => {
    const world = bucket();
    world.intend('lost', 20);
    const store: AuditStore = {
      ...world.parts.store,
      get: (path, retry) =>
        path.startsWith('records/') ? get(path, retry) : world.parts.store.get(path, retry),
    };

    expect(await world.run({ store })).toEqual({ lost: 1, queued: 0, open: 1 });
    expect(world.sent).toEqual([]);
  });

  test('that the queue does not take is queued by the next run, with one alarm in all', async () => {
    const world = bucket();
    world.intend('lost', 20);
    const queue = { send: () => Promise.reject(new TypeError('a bug')) };

    expect(await world.run({ queue })).toEqual({ lost: 1, queued: 0, open: 1 });
    expect((await world.state()).open).toEqual([open('lost', { lost_at: NOW })]);
    expect(logged()).toContainEqual({
      level: 'error',
      message: 'a lost report was not queued',
      report_id: 'console/lost',
      error: 'TypeError',
    });
    expect(await world.run({ queue, now: NOW + MINUTE })).toEqual({ lost: 0, queued: 0, open: 1 });
    expect((await world.state()).open).toEqual([open('lost', { lost_at: NOW })]);
    expect(await world.run({ now: NOW + 2 * MINUTE })).toEqual({ lost: 0, queued: 1, open: 1 });
    expect(output.counted().filter((name) => name === 'IntentWithoutOutcome')).toHaveLength(1);
    expect(output.counted().filter((name) => name === 'ReconcileFailed')).toHaveLength(2);
  });
});

test('a report that is worked on waits five minutes, and is not read', async () => {
  const world = bucket();
  world.intend('busy', 20);
  world.put(recordPath(reportOf('busy'), '50-attempt-1'), 5);

  expect(await world.run()).toEqual({ lost: 0, queued: 0, open: 0 });
  expect((await world.state()).open).toEqual([open('busy', { next: NOW + 5 * MINUTE })]);
  expect(world.asked.gets).toEqual([]);
});

test('a report with an outcome is closed, and its intent is not read', async () => {
  const world = bucket();
  world.intend('done', 20);
  world.put(recordPath(reportOf('done'), '90-outcome'), 19);

  expect(await world.run()).toEqual({ lost: 0, queued: 0, open: 0 });
  expect((await world.state()).open).toEqual([]);
  expect(world.asked.gets).toEqual([]);
});

test('a report whose folder cannot be listed stays open, and stops no other', async () => {
  const world = bucket();
  world.intend('a', 20);
  world.intend('b', 20);
  const list: ReconcileParts['list'] = async (prefix, options) => {
    if (prefix === folder('a')) throw new ListError('HTTP 503');
    return world.parts.list(prefix, options);
  };

  expect(await world.run({ list })).toEqual({ lost: 1, queued: 1, open: 1 });
  expect((await world.state()).open).toContainEqual(open('a'));
  expect(output.counted()).toContain('ReconcileFailed');
  expect(logged()).toContainEqual({
    level: 'error',
    message: 'a report was not looked at',
    folder: folder('a'),
    error: 'ListError',
    code: 'audit_list',
  });
});

describe('the notes', () => {
  test('of the last 15 minutes are left to a later run', async () => {
    const world = bucket();
    world.intend('old', 16);
    world.intend('young', 15);
    await world.run();

    const { open: found, through } = await world.state();
    expect(found.map(({ intent }) => intent)).toEqual([intentOf('old')]);
    expect(through).toBe(openNote(intentOf('old'), NOW - 16 * MINUTE));
    await world.run({ now: NOW + MINUTE });
    expect((await world.state()).open).toHaveLength(2);
  });

  test('of one report, in one run and in two, are one', async () => {
    const world = bucket();
    world.intend('twice', 30);
    world.intend('twice', 20, { name: '20-intent-key-a' });
    await world.run();
    world.intend('twice', 18, { name: '20-intent-key-b' });

    expect(await world.run({ now: NOW + MINUTE })).toMatchObject({ open: 1 });
    expect((await world.state()).open).toHaveLength(1);
    expect(world.sent).toHaveLength(1);
  });

  test('are listed day by day, from that of the last note to today', async () => {
    const world = bucket();
    const day = 24 * 60;
    world.intend('first', 2 * day);
    world.intend('second', 20);
    await world.run();
    expect(world.asked.pages).toHaveLength(29);
    expect(world.asked.pages[0]).toBe('index/open/date=2026-07-02/');
    expect(world.asked.pages.at(-1)).toBe('index/open/date=2026-07-30/');
    world.asked.pages.length = 0;
    expect(await world.run({ now: NOW + day * MINUTE })).toMatchObject({ open: 2 });

    expect(world.asked.pages).toEqual(['index/open/date=2026-07-30/', 'index/open/date=2026-07-31/']);
  });

  test('are not listed while the last one is of a day to come', async () => {
    const world = bucket();
    world.intend('ahead', -24 * 60);
    world.intend('lost', 20);
    await world.run({ now: NOW + (24 * 60 + 20) * MINUTE });
    world.asked.pages.length = 0;
    await world.run();

    expect(world.asked.pages).toEqual([]);
  });

  test('that are many are read in batches, after each of which the state is kept', async () => {
    const world = bucket();
    for (let index = 0; index < 2_001; index++) world.intend(`lost-${index}`, 30);

    expect(await world.run()).toEqual({ lost: 2_001, queued: 2_001, open: 2_001 });
    expect(world.asked.states).toBe(2);
  });

  test('wait when no time is left, with what was read so far kept', async () => {
    const world = bucket();
    for (let index = 0; index < 2_001; index++) world.intend(`lost-${index}`, 30);

    expect(await world.run({ deadline: NOW + 14_999 })).toEqual({ lost: 0, queued: 0, open: 0 });
    expect((await world.state()).open).toHaveLength(2_000);
    expect(world.asked.lists).toEqual([]);
    expect(await world.run({ deadline: NOW + 15_001 })).toEqual({ lost: 2_001, queued: 2_001, open: 2_001 });
  });

  test('are read in one batch, and looked at, with just 15 s left', async () => {
    const world = bucket();
    for (let index = 0; index < 2_001; index++) world.intend(`lost-${index}`, 30);

    expect(await world.run({ deadline: NOW + 15_000 })).toEqual({ lost: 2_000, queued: 2_000, open: 2_000 });
  });

  test('wait while 5,000 reports are open', async () => {
    const world = bucket();
    for (let index = 0; index < 5_001; index++) {
      world.intend(`lost-${String(index).padStart(4, '0')}`, 30, { text: '{}' });
    }

    expect(await world.run()).toEqual({ lost: 5_000, queued: 0, open: 5_000 });
    const before = await world.state();
    expect(before.through).toBe(openNote(intentOf('lost-4999'), NOW - 30 * MINUTE));
    await world.run({ now: NOW + MINUTE });
    expect(await world.state()).toEqual(before);
    // One of them is settled.
    world.put(recordPath(reportOf('lost-0000'), '90-outcome'), 0);
    expect(await world.run({ now: NOW + 30 * MINUTE })).toMatchObject({ lost: 1, open: 5_000 });
  });
});

test('each call has the time of the invocation', async () => {
  const world = bucket();
  world.intend('lost', 20);
  const { deadline, list, pages, queue, store } = world.parts;
  const get = vi.spyOn(store, 'get');
  const spies = { list: vi.fn(list), pages: vi.fn(pages), queue: { send: vi.fn(queue.send) } };
  await world.run(spies);

  expect(spies.list).toHaveBeenCalledWith(folder('lost'), { deadline });
  expect(spies.pages).toHaveBeenCalledWith(expect.any(String), { deadline, startAfter: expect.any(String) });
  expect(spies.queue.send).toHaveBeenCalledWith(reportOf('lost'), deadline);
  expect(get).toHaveBeenCalledWith(intentOf('lost'), { deadline, attempts: 4 });
});

test('nothing is kept when nothing changed', async () => {
  const world = bucket();
  world.intend('lost', 20);
  await world.run();
  await world.run({ now: NOW + MINUTE });

  expect(world.asked.states).toBe(1);
});

test('a folder is that of a path, and a report is that of its whole id', () => {
  expect(folderOf('records/date=2026-07-30/console/1/10-intent.json')).toBe(
    'records/date=2026-07-30/console/1/',
  );
  expect(isOf(open('1'), 'console/1')).toBe(true);
  expect(isOf(open('11'), 'console/1')).toBe(false);
  expect(isOf(open('1'), 'onsole/1')).toBe(false);
  expect(isOf(open('undefined'), undefined)).toBe(false);
});
