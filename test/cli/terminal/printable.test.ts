import fc from 'fast-check';
import { expect, test } from 'vitest';
import { csvLine } from '../../../cli/terminal/csv.ts';
import { printable, printableJson } from '../../../cli/terminal/printable.ts';
import { printLines } from '../../../cli/terminal/terminal.ts';

/** What a terminal may act on instead of showing it. */
const CONTROL = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

test.each([
  ['a\nb', 'a\\nb'],
  ['\x1b[2K\ralert closed', '\\u{1b}[2K\\ralert closed'],
  ['\u009b31m', '\\u{9b}31m'],
  ['\u202egnp.exe', '\\u{202e}gnp.exe'],
  ['Zoë 日本 🔑', 'Zoë 日本 🔑'],
])('%j is printed as %s', (text, expected) => {
  expect(printable(text)).toBe(expected);
});

test('no text puts a control character on the terminal, and a line stays one line', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      let written = '';
      const output = {
        write: (chunk: string) => {
          written += chunk;
        },
        isTerminal: true,
        hasColors: false,
      };
      printLines(output, [text]);

      expect(written.slice(0, -1)).not.toMatch(CONTROL);
      expect(csvLine([text, text])).not.toMatch(CONTROL);
    }),
  );
});

test('JSON says the same with escapes', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const json = printableJson({ text });

      expect(json.replaceAll('\n', '')).not.toMatch(CONTROL);
      expect(JSON.parse(json)).toEqual({ text });
    }),
  );
});
