import { describe, expect, test } from 'vitest';
import { progressBar, showProgress } from '../../../cli/terminal/progress.ts';

test.each([
  [0, 100, '[..........] 0 %  0 of 100 files'],
  [50, 100, '[#####.....] 50 %  50 of 100 files'],
  [110, 100, '[##########] 100 %  110 of 100 files'],
  [7, undefined, '7 files'],
  [7, 0, '7 files'],
])('%d of %s is %s', (done, total, expected) => {
  expect(progressBar(done, total, 'files', 0, 10)).toBe(expected);
});

test('the time that is left is estimated from the time that it took', () => {
  expect(progressBar(25, 100, 'files', 10_000, 10)).toContain('25 of 100 files, about 30 s left');
});

const CLEAR = '\r\x1b[2K';

describe('progress on standard error', () => {
  const watch = (isTerminal: boolean) => {
    let written = '';
    let time = 0;
    const err = {
      write: (text: string) => {
        written += text;
      },
      isTerminal,
      hasColors: false,
    };
    const progress = showProgress({ err, now: () => time }, 'files');
    const update = (at: number) => {
      time = at;
      progress.update(at, 60_000);
    };
    return { progress, update, written: () => written };
  };

  test('is a bar on a terminal, which is taken away at the end', () => {
    const { progress, update, written } = watch(true);
    for (const at of [100, 150, 30_000]) update(at);
    progress.stop();

    expect(written().split(`${CLEAR}[`)).toHaveLength(3);
    expect(written().endsWith(CLEAR)).toBe(true);
  });

  test('is a line now and then in a file, without control characters', () => {
    const { progress, update, written } = watch(false);
    for (const at of [100, 30_000, 31_000, 60_000]) update(at);
    progress.stop();

    expect(written().split('\n')).toHaveLength(3);
    expect(written()).not.toContain('\x1b');
  });
});
