import * as z from 'zod/mini';
import { parseJson } from '../../lib/platform/parse-json.ts';
import { duration } from '../terminal/duration.ts';
import { printLines, type Terminal } from '../terminal/terminal.ts';

const text = z.optional(z.string());
const LogLine = z.object({
  message: z.string(),
  service_user_id: text,
  api_key_id: text,
  method: text,
  reason: text,
  status: text,
});

/** Prints a line of the function's log as a step; its records and metrics are none. @param elapsed milliseconds */
export function showStep(line: string, elapsed: number, { err }: Pick<Terminal, 'err'>): void {
  const step = parseJson(line, LogLine);
  if (step === undefined || step.message === 'audit') return;
  const { api_key_id, message, method, reason, status } = step;
  const facts = [api_key_id, method && `by ${method.replaceAll('_', ' ')}`, status, reason];
  const shown = facts.filter((fact) => fact !== undefined).join('  ');
  printLines(err, [
    { text: `${duration(elapsed).padStart(8)}  ${message.padEnd(16)}  ${shown}`.trimEnd(), style: 'dim' },
  ]);
}

/** Shows on a terminal that an answer is awaited, and for how long by now. */
export async function waitFor<T>(
  answer: Promise<T>,
  { err, now }: Pick<Terminal, 'err' | 'now'>,
): Promise<T> {
  if (!err.isTerminal) return answer;
  const started = now();
  const timer = setInterval(() => err.write(`\r\x1b[2Kworking, ${duration(now() - started)}`), 1_000);
  try {
    return await answer;
  } finally {
    clearInterval(timer);
    err.write('\r\x1b[2K');
  }
}
