import type { Readable } from 'node:stream';

/** Standard input: a terminal, or what is piped into it. */
export type InputStream = Readable & {
  readonly isTTY?: boolean;
  setRawMode?(isRaw: boolean): unknown;
};

/** The person ended the prompt with Ctrl-C. */
export class InterruptedError extends Error {
  override readonly name = 'InterruptedError';
}

/** Longer than any secret. */
const MOST_CHARACTERS = 1_048_576;

/**
 * Reads standard input to its end; on a terminal, one line, which is not shown while it is typed.
 *
 * @param prompt writes what the person sees
 * @throws {InterruptedError}
 */
export async function readHidden(
  input: InputStream,
  prompt: (text: string) => void,
  question = 'Devin token (it is not shown): ',
): Promise<string> {
  if (!input.isTTY) return readAll(input);
  prompt(question);
  input.setRawMode?.(true);
  try {
    return await readLine(input);
  } finally {
    input.setRawMode?.(false);
    // Otherwise the process would wait for more.
    input.pause();
    prompt('\n');
  }
}

async function readAll(input: InputStream): Promise<string> {
  let text = '';
  for await (const chunk of input) {
    text += String(chunk);
    if (text.length > MOST_CHARACTERS) break;
  }
  return text;
}

/** One line. A terminal sends it as a whole; in raw mode it sends each key as it is pressed, and a paste at once. */
export async function readLine(input: InputStream): Promise<string> {
  let line = '';
  // A destroyed terminal could not be set back.
  for await (const chunk of input.iterator({ destroyOnReturn: false })) {
    for (const character of String(chunk)) {
      switch (character) {
        case '\r':
        case '\n':
        case END_OF_INPUT:
          return line;
        case INTERRUPT:
          throw new InterruptedError('interrupted');
        case BACKSPACE:
        case DELETE:
          line = line.slice(0, -1);
          break;
        default:
          line += character;
      }
    }
  }
  return line;
}

const INTERRUPT = '\u0003';
const END_OF_INPUT = '\u0004';
const BACKSPACE = '\b';
const DELETE = '\u007f';
