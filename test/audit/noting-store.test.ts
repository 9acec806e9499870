import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { notingStore } from '../../lib/audit/noting-store.ts';
import { notedPath, openNote, storedNote } from '../../lib/audit/stored-note.ts';
import type { AuditStore, Stored } from '../../lib/aws/write-once-bucket.ts';
import { captureOutput, type Output } from '../support/load-handler.ts';

const NOW = Date.parse('2026-07-30T12:34:56Z');
const retry = { deadline: NOW + 60_000 };
const TODAY = 'records/date=2026-07-30/console/1/';
let output: Output;
beforeEach(() => {
  output = captureOutput();
  vi.useFakeTimers({ toFake: ['Date'], now: NOW });
});
afterEach(() => {
  vi.useRealTimers();
  output.restore();
});

/** A store whose puts end when a test says so. */
function slowStore(fails: (path: string) => boolean = () => false) {
  const waiting = new Map<string, () => void>();
  const store: AuditStore = {
    put: (path) =>
      new Promise<Stored>((resolve) => {
        waiting.set(path, () =>
          resolve(fails(path) ? { result: 'failed', reason: 'HTTP 503' } : { result: 'stored' }),
        );
      }),
    get: async () => ({ ok: true, text: undefined }),
  };
  const end = (path: string): void => (waiting.get(path) ?? expect.fail(`no put of ${path}`))();
  return { store: notingStore(store), asked: () => [...waiting.keys()], end };
}

test.each([
  ['a record of today', `${TODAY}90-outcome.json`, []],
  [
    'an intent of today',
    `${TODAY}10-intent.json`,
    [`index/open/date=2026-07-30/1234/${TODAY}10-intent.json`],
  ],
  [
    'a late record',
    'records/date=2026-07-29/console/1/90-outcome.json',
    ['index/stored/date=2026-07-30/records/date=2026-07-29/console/1/90-outcome.json'],
  ],
  [
    'a late intent of a candidate',
    'records/date=2026-07-29/console/1/20-intent-key-1.json',
    [
      'index/open/date=2026-07-30/1234/records/date=2026-07-29/console/1/20-intent-key-1.json',
      'index/stored/date=2026-07-30/records/date=2026-07-29/console/1/20-intent-key-1.json',
    ],
  ],
  ['a plan', 'plans/1/start.json', ['index/stored/date=2026-07-30/plans/1/start.json']],
])('%s has these notes', (_, path, expected) => {
  const notes = [openNote(path, NOW), storedNote(path, NOW)].filter((note) => note !== undefined);

  expect(notes).toEqual(expected);
  expect(notes.map(notedPath)).toEqual(notes.map(() => path));
});

test.each(['index/stored/date=2026-07-30/', 'index/open/date=2026-07-30/1234/'])(
  'a path that has %s further on is not that of a note',
  (inside) => {
    const path = `records/date=2026-07-30/${inside}10-intent.json`;
    expect(notedPath(path)).toBe(path);
  },
);

test('nobody waits for the note of an intent, which is on the wire beside it, until the outcome', async () => {
  const { asked, end, store } = slowStore();
  const intent = `${TODAY}10-intent.json`;
  const outcome = `${TODAY}90-outcome.json`;
  const note = `index/open/date=2026-07-30/1234/${intent}`;
  const stored = store.put(intent, {}, retry);
  // The intent first: it takes the connection that is open.
  expect(asked()).toEqual([intent, note]);
  end(intent);
  expect(await stored).toEqual({ result: 'stored' });

  let isSettled = false;
  const settled = store.put(outcome, {}, retry).then(() => {
    isSettled = true;
  });
  end(outcome);
  await new Promise(setImmediate);
  expect(isSettled).toBe(false);
  end(note);
  await settled;
});

test('a second intent does not wait for the note of the first', async () => {
  const { end, store } = slowStore();
  const [first, second] = [`${TODAY}10-intent.json`, `${TODAY}10-intent-2.json`];
  const both = [store.put(first, {}, retry), store.put(second, {}, retry)];
  end(first);
  end(second);
  expect(await Promise.all(both)).toEqual([{ result: 'stored' }, { result: 'stored' }]);

  end(`index/open/date=2026-07-30/1234/${first}`);
  end(`index/open/date=2026-07-30/1234/${second}`);
  await new Promise(setImmediate);
  expect(output.text()).toBe('');
});

test('an object whose note for the digest is not stored counts as not stored', async () => {
  const { asked, end, store } = slowStore((path) => path.startsWith('index/'));
  const stored = store.put('plans/1/start.json', {}, retry);
  for (const path of asked()) end(path);

  expect(await stored).toEqual({ result: 'failed', reason: 'HTTP 503' });
});

test('an intent without its note is revoked all the same, and the log says so', async () => {
  const { asked, end, store } = slowStore((path) => path.startsWith('index/'));
  const stored = store.put(`${TODAY}10-intent.json`, {}, retry);
  for (const path of asked()) end(path);

  expect(await stored).toEqual({ result: 'stored' });
  await new Promise(setImmediate);
  expect(output.text()).toContain('intent not indexed');
  expect(output.text()).toContain(`index/open/date=2026-07-30/1234/${TODAY}10-intent.json`);
});
