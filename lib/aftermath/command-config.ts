import * as z from 'zod/mini';
import { devinApiUrl, text } from '../platform/config.ts';
import { marginHours } from './config.ts';

// Apart from the worker's settings: its bundle would hold it.

/** Of `npm run aftermath`, which needs the bucket only to end sessions. */
export const AftermathCommandConfig = z.object({
  DEVIN_API_URL: devinApiUrl,
  ADMIN_TOKEN_SECRET_ID: z.optional(text),
  ACTIVITY_TOKEN_SECRET_ID: z.optional(text),
  AFTERMATH_MARGIN_HOURS: marginHours,
  AUDIT_BUCKET: z.optional(text),
});
export type AftermathCommandConfig = z.infer<typeof AftermathCommandConfig>;
