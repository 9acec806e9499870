import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { parseAst } from 'vitest/node';
import { walk } from '../support/regular-expressions.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

const files = ['lib', 'handlers'].flatMap((folder) =>
  readdirSync(`${ROOT}/${folder}`, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => ({ path: `${folder}/${name}`, text: readFileSync(`${ROOT}/${folder}/${name}`, 'utf8') })),
);
const importing = (pattern: RegExp) => files.filter(({ text }) => pattern.test(text)).map(({ path }) => path);

/** The calls of SDK clients, as `path: last argument`. */
function sdkCalls(): string[] {
  return files.flatMap(({ path, text }) => {
    const found: string[] = [];
    walk(parseAst(text, { lang: 'ts' }), (node) => {
      const {
        arguments: given,
        callee,
        type,
      } = node as {
        type?: string;
        callee?: { name?: string; object?: { name?: string }; property?: { name?: string } };
        arguments?: { start: number; end: number }[];
      };
      if (type !== 'CallExpression') return;
      const isSent = callee?.object?.name === 'client' && callee.property?.name === 'send';
      if (!isSent && !/^paginate[A-Z]/.test(callee?.name ?? '')) return;
      const last = given?.at(-1);
      const options = last && text.slice(last.start, last.end);
      // A signal of its own, by what it is made of.
      const signal = /const abortSignal = (.+);/.exec(text)?.[1];
      found.push(`${path}: ${options === '{ abortSignal }' ? signal : options}`);
    });
    return found;
  });
}

test('requests leave through one place alone, whose requests have a time limit by their type', () => {
  expect(importing(/from 'node:https?'|from 'undici'|[^.\w]fetch\(/).sort()).toEqual([
    'lib/platform/http.ts',
    'lib/platform/preconnect.ts',
  ]);
});

test('every call of an SDK client ends at a deadline', () => {
  const calls = sdkCalls();
  expect(calls.length).toBeGreaterThan(8);
  expect(calls.filter((call) => !/: .*abortAt\(.+\)/.test(call))).toEqual([]);
});

test('SDK clients are made only in the files whose calls are checked', () => {
  const made = importing(/new (?:\w+)?Client\(/);
  expect(made.filter((path) => !path.endsWith('-sdk.ts'))).toEqual(['lib/aws/caller-environment.ts']);
});
