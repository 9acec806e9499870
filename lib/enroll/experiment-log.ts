import * as z from 'zod/mini';
import type { ExperimentLog } from '../identify/experiment/experiment.ts';

const Values = z.array(z.nullable(z.number()));
const Segment = z.object({
  plan: z.object({
    startMs: z.number(),
    slotMs: z.number(),
    parts: z.union([z.literal(1), z.literal(2)]),
    partMs: z.number(),
    windowMs: z.number(),
    offsetMs: z.number(),
  }),
  before: Values,
  isAfterFailure: z.boolean(),
  slots: z.array(
    z.object({
      coin: z.union([z.literal(0), z.literal(1), z.null()]),
      part: z.union([z.literal(0), z.literal(1)]),
      seen: z.array(z.nullable(Values)),
    }),
  ),
});

/** An experiment as it is stored between two invocations. */
export const StoredLog: z.ZodMiniType<ExperimentLog> = z.object({
  candidates: z.array(z.string()),
  alpha: z.number(),
  segments: z.array(Segment),
});
