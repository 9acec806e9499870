import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { type InputStream, InterruptedError, readHidden } from '../../../cli/terminal/read-hidden.ts';

/** Standard input that sends these chunks; of a terminal, unless it is a pipe. */
function input(chunks: string[], isTTY = true) {
  const modes: boolean[] = [];
  const stream: InputStream = Object.assign(Readable.from(chunks.map((chunk) => Buffer.from(chunk))), {
    isTTY,
    setRawMode: (isRaw: boolean) => modes.push(isRaw),
  });
  const said: string[] = [];
  return { modes, said, stream, read: () => readHidden(stream, (text) => said.push(text)) };
}

describe('a terminal', () => {
  test.each([
    ['a paste', ['abc\r'], 'abc'],
    ['key by key', ['a', 'b', 'c', '\n', 'd'], 'abc'],
    ['what follows the line is left', ['abc\rdef'], 'abc'],
    ['a character that is taken back', ['abx\u007fc', '\bc', '\r'], 'abc'],
    ['the end of input', ['abc\u0004'], 'abc'],
    ['a terminal that closes', ['abc'], 'abc'],
  ])('is read to the end of a line: %s', async (_, chunks, line) => {
    const { modes, read, said } = input(chunks);

    expect(await read()).toBe(line);
    expect(modes).toEqual([true, false]);
    expect(said).toEqual(['Devin token (it is not shown): ', '\n']);
  });

  test('is set back when it is interrupted', async () => {
    const { modes, read } = input(['ab\u0003c\r']);

    await expect(read()).rejects.toThrow(InterruptedError);
    expect(modes).toEqual([true, false]);
  });
});

test('a pipe is read to its end, without a prompt', async () => {
  const { modes, read, said } = input(['abc\nd', 'ef\n'], false);

  expect(await read()).toBe('abc\ndef\n');
  expect([...modes, ...said]).toEqual([]);
});
