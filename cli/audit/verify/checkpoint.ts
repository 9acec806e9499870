import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import * as z from 'zod/mini';
import { parseJson } from '../../../lib/platform/parse-json.ts';
import { Tally } from './tally.ts';

/** How far a run came, for the next one. It is as trustworthy as the disk that it lies on. */
const Checkpoint = z.object({
  version: z.literal(1),
  /** Which log and digests it was about. A run over anything else begins anew. */
  about: z.string(),
  /** The key after which to go on: the last file of a report. */
  position: z.string(),
  tally: Tally,
  /** Of what was there, epoch milliseconds. */
  oldest: z.nullable(z.number()),
  counts: z.object({ break: z.int(), open: z.int(), note: z.int() }),
  findings: z.array(
    z.object({ level: z.enum(['break', 'open', 'note']), key: z.string(), what: z.string() }),
  ),
});
export type Checkpoint = z.infer<typeof Checkpoint>;

/** A file that keeps how far a run came. */
export interface Checkpoints {
  load(about: string): Promise<Checkpoint | undefined>;
  save(checkpoint: Checkpoint): Promise<void>;
  /** The run came to its end. */
  clear(): Promise<void>;
}

export function checkpointFile(path: string): Checkpoints {
  return {
    async load(about) {
      const text = await readFile(path, 'utf8').catch(() => '');
      const found = parseJson(text, Checkpoint);
      return found?.about === about ? found : undefined;
    },
    // A run that is killed while it writes leaves the file before it.
    async save(checkpoint) {
      await writeFile(`${path}.part`, JSON.stringify(checkpoint));
      await rename(`${path}.part`, path);
    },
    clear: () => rm(path, { force: true }),
  };
}
