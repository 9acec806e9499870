import type { WriteStream } from 'node:tty';
import { errorCode } from '../../lib/platform/error-code.ts';
import type { Output, Terminal } from './terminal.ts';

/** As a shell reports a program that was ended by SIGPIPE. */
const CLOSED_PIPE = 141;

/** The terminal of this process. A reader that closes the pipe, such as `head`, ends the program without a word. */
export function processTerminal({ env, exit, stderr, stdin, stdout }: NodeJS.Process): Terminal {
  for (const stream of [stdout, stderr]) {
    stream.on('error', (error) => {
      if (errorCode(error) !== 'EPIPE') throw error;
      exit(CLOSED_PIPE);
    });
  }
  return { input: stdin, env, out: output(stdout), err: output(stderr), now: Date.now };
}

function output(stream: WriteStream & { fd: 1 | 2 }): Output {
  const isTerminal = stream.isTTY === true;
  return {
    write: (text) => void stream.write(text),
    isTerminal,
    hasColors: isTerminal && stream.hasColors(),
  };
}
