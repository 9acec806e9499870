import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAst } from 'vitest/node';

/** The regular expressions of a folder's TypeScript files. */
export interface Found {
  /** Each literal once, as it is written. */
  readonly literals: ReadonlyMap<string, RegExp>;
  /** `new RegExp(…)`, as it is written. */
  readonly computed: readonly string[];
}

/** Reads them out of the syntax tree. @param folders absolute paths */
export function findRegularExpressions(folders: readonly string[]): Found {
  const literals = new Map<string, RegExp>();
  const computed: string[] = [];
  for (const text of folders.flatMap(sourcesOf)) {
    walk(parseAst(text, { lang: 'ts' }), (node) => {
      const source = text.slice(Number(node.start), Number(node.end));
      const { regex } = node as { regex?: { pattern: string; flags: string } };
      if (regex) literals.set(source, new RegExp(regex.pattern, regex.flags));
      const { callee } = node as { callee?: { name?: string } };
      if (callee?.name === 'RegExp') computed.push(source);
    });
  }
  return { literals, computed };
}

/**
 * Near-matches of a text that matches: each character, pair and the whole of it, repeated where it stands, so that a
 * quantifier there has `length` characters to try without a match.
 */
export function* nearMatches(sample: string, length: number): Generator<string> {
  for (const width of new Set([1, 2, sample.length])) {
    for (let at = 0; at + width <= sample.length; at++) {
      const unit = sample.slice(at, at + width);
      const pumped = sample.slice(0, at) + unit.repeat(Math.ceil(length / width));
      // With and without its end; the last one cannot match as a whole.
      yield pumped;
      yield `${pumped}\u0000`;
      yield `${pumped}\u0000${sample.slice(at + width)}`;
    }
  }
}

function sourcesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => readFileSync(join(folder, name), 'utf8'));
}

/** Visits every node of a syntax tree. */
export function walk(value: unknown, visit: (node: Record<string, unknown>) => void): void {
  if (typeof value !== 'object' || value === null) return;
  if (!Array.isArray(value)) visit(value as Record<string, unknown>);
  for (const child of Object.values(value)) walk(child, visit);
}
