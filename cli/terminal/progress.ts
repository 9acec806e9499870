import type { Terminal } from './terminal.ts';

/** The progress of a long command, on standard error. */
export interface Progress {
  /** @param total `undefined` where it is not known */
  update(done: number, total?: number): void;
  /** Takes the bar away, before anything else is printed. */
  stop(): void;
}

/** Milliseconds between two drawings: of a bar on a terminal, and of a line in a file. */
const REDRAW_MS = 100;
const LINE_MS = 30_000;

/** @param unit what is counted, in the plural */
export function showProgress({ err, now }: Pick<Terminal, 'err' | 'now'>, unit: string): Progress {
  const started = now();
  let drawnAt = err.isTerminal ? 0 : started;
  let isDrawn = false;
  return {
    update(done, total) {
      if (now() - drawnAt < (err.isTerminal ? REDRAW_MS : LINE_MS)) return;
      drawnAt = now();
      isDrawn = err.isTerminal;
      const bar = progressBar(done, total, unit, now() - started);
      err.write(err.isTerminal ? `\r\x1b[2K${bar}` : `${bar}\n`);
    },
    stop() {
      if (isDrawn) err.write('\r\x1b[2K');
      isDrawn = false;
    },
  };
}

const WIDTH = 30;

/** @param elapsed milliseconds, from which the time that is left is estimated */
export function progressBar(
  done: number,
  total: number | undefined,
  unit: string,
  elapsed = 0,
  width = WIDTH,
): string {
  if (total === undefined || total <= 0) return `${done} ${unit}`;
  const share = Math.min(1, done / total);
  const filled = Math.round(share * width);
  const seconds = Math.ceil((elapsed * (1 / Math.max(share, 1e-9) - 1)) / 1_000);
  const left = done > 0 && share < 1 && elapsed > 2_000 ? `, about ${seconds} s left` : '';
  return `[${'#'.repeat(filled)}${'.'.repeat(width - filled)}] ${Math.floor(share * 100)} %  ${done} of ${total} ${unit}${left}`;
}
