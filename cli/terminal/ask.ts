import { createInterface } from 'node:readline';
import type { Terminal } from './terminal.ts';

/** Whether a person is there to be asked. */
export function canAsk({ err, input }: Pick<Terminal, 'err' | 'input'>): boolean {
  return input.isTTY === true && err.isTerminal;
}

/** Asks a question on standard error, which only `y` or `yes` affirms. */
export async function ask(
  { err, input }: Pick<Terminal, 'err' | 'input'>,
  question: string,
): Promise<boolean> {
  err.write(`${question} [y/N] `);
  const lines = createInterface({ input });
  try {
    for await (const line of lines) return /^y(?:es)?$/i.test(line.trim());
    return false;
  } finally {
    lines.close();
  }
}
