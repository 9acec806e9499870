import { type InputStream, readHidden, readLine } from '../terminal/read-hidden.ts';

/** Asks a person. */
export interface Ask {
  /** What is typed is not shown. @throws {InterruptedError} */
  hidden(question: string): Promise<string>;
  line(question: string): Promise<string>;
}

/** @param say writes what the person sees */
export function askOn(input: InputStream, say: (text: string) => void): Ask {
  return {
    hidden: async (question) => (await readHidden(input, say, question)).trim(),
    async line(question) {
      say(question);
      const line = await readLine(input);
      // Otherwise the process would wait for more.
      input.pause();
      return line.trim();
    },
  };
}
