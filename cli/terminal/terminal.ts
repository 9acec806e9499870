import { styleText } from 'node:util';
import { printable } from './printable.ts';
import type { InputStream } from './read-hidden.ts';

/** Where a command writes to. */
export interface Output {
  write(text: string): void;
  /** A person looks at it, rather than a file or a pipe. */
  readonly isTerminal: boolean;
  /** Whether it shows colours; `NO_COLOR` switches them off. */
  readonly hasColors: boolean;
}

/** What a command knows of the world around it. */
export interface Terminal {
  readonly input: InputStream;
  readonly out: Output;
  readonly err: Output;
  readonly env: Env;
  /** Epoch milliseconds. */
  now(): number;
}

export type Env = Readonly<Record<string, string | undefined>>;

/** One line without its line feed; its text may come from anywhere. */
export type Line = string | { readonly text: string; readonly style: Style };
export type Style = 'bold' | 'dim' | 'green' | 'red' | 'yellow';

/** Writes lines for people. What is not printable in them is written out. */
export function printLines(output: Output, lines: readonly Line[]): void {
  for (const line of lines) {
    const { style, text } = typeof line === 'string' ? { text: line, style: undefined } : line;
    const plain = printable(text);
    const isStyled = style !== undefined && output.hasColors;
    output.write(`${isStyled ? styleText(style, plain, { validateStream: false }) : plain}\n`);
  }
}
