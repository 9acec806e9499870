import { expect, onTestFinished, test, vi } from 'vitest';
import { batchBarrier, type KeepHidden, onlyPlace } from '../../lib/containment/batch-barrier.ts';

const messages = (count: number): KeepHidden[] => Array.from({ length: count }, () => (work) => work);
const later = () => Date.now() + 60_000;
const settled = async (waiting: Promise<void>): Promise<boolean> =>
  Promise.race([
    waiting.then(() => true),
    new Promise<boolean>((resolve) => setTimeout(() => resolve(false), 20)),
  ]);

test('a report waits until each other one has ended', async () => {
  const [first, second, third] = batchBarrier(messages(3));
  const waiting = first!.waitForOthers(later());

  second!.end();
  expect(await settled(waiting)).toBe(false);
  third!.end();
  expect(await settled(waiting)).toBe(true);
});

test('reports that wait do not wait for each other', async () => {
  const [first, second] = batchBarrier(messages(2));

  expect(
    await settled(
      Promise.all([first!.waitForOthers(later()), second!.waitForOthers(later())]).then(() => {}),
    ),
  ).toBe(true);
});

test('a report that ends twice counts once', async () => {
  const [first, second, third] = batchBarrier(messages(3));
  second!.end();
  second!.end();

  const waiting = first!.waitForOthers(later());
  expect(await settled(waiting)).toBe(false);
  third!.end();
  expect(await settled(waiting)).toBe(true);
});

test('a report does not wait longer than it may', async () => {
  const [first] = batchBarrier(messages(2));

  expect(await settled(first!.waitForOthers(Date.now() - 1))).toBe(true);
});

test('a report that alone is left does not wait', async () => {
  const [first, second] = batchBarrier(messages(2));
  second!.end();

  expect(await settled(first!.waitForOthers(later()))).toBe(true);
});

test('a report that waits again, when each other one has ended, waits no more', async () => {
  const [first, second] = batchBarrier(messages(2));
  const waiting = first!.waitForOthers(later());
  second!.end();
  await waiting;

  expect(await settled(first!.waitForOthers(later()))).toBe(true);
});

test('a report whose wait ran out still waits for the others the next time', async () => {
  const [first, second] = batchBarrier(messages(2));
  await first!.waitForOthers(Date.now() - 1);

  const waiting = first!.waitForOthers(later());
  expect(await settled(waiting)).toBe(false);
  second!.end();
  expect(await settled(waiting)).toBe(true);
});

test('a wait that is over leaves no timer behind', async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const [first, second] = batchBarrier(messages(2));
  const waiting = first!.waitForOthers(later());
  second!.end();
  await waiting;

  expect(vi.getTimerCount()).toBe(0);
});

test('a report that came alone does not wait, and has no message to hide', async () => {
  const work = Promise.resolve(1);

  expect(await settled(onlyPlace().waitForOthers(later()))).toBe(true);
  expect(onlyPlace().whileHidden(work)).toBe(work);
});
