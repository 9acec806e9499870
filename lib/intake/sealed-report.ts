import * as z from 'zod/mini';
import { Key } from '../domain/key.ts';
import { LeakReport } from '../domain/report.ts';
import { SealedToken } from './sealed-token.ts';

/**
 * The message of a report that has a token, which is sealed. Its version is another one, so that no worker that does not
 * know of sealed tokens reads the rest without it.
 */
export const SealedReport = z.object({
  ...LeakReport.shape,
  version: z.literal(2),
  leak: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('key'), ...Key.shape }),
    z.object({ kind: z.literal('token') }),
  ]),
  sealed: SealedToken,
});
export type SealedReport = z.infer<typeof SealedReport>;
