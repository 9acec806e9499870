import * as z from 'zod/mini';

/** Files of one kind. */
const Kind = z.object({ files: z.int(), newer: z.int() });

/** How many files of which kind were looked at. `newer`: no digest lists them, since they are newer than the last one. */
export const Tally = z.record(z.string(), Kind);
export type Tally = z.infer<typeof Tally>;

/** Counts a file. A record counts by its own kind, all else by its folder. */
export function countFile(tally: Tally, kind: string, isNewer: boolean): void {
  const { files, newer } = tally[kind] ?? { files: 0, newer: 0 };
  tally[kind] = { files: files + 1, newer: newer + Number(isNewer) };
}

/** All kinds together. */
export function total(tally: Tally): z.infer<typeof Kind> {
  const sum = { files: 0, newer: 0 };
  for (const { files, newer } of Object.values(tally)) {
    sum.files += files;
    sum.newer += newer;
  }
  return sum;
}
