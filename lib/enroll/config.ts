import * as z from 'zod/mini';
import { siemSettings } from '../audit/siem-settings.ts';
import { devinApiUrl, flag, text } from '../platform/config.ts';

/** The settings of the function `enroll`, and of `npm run enroll`. */
export const EnrollConfig = z.object({
  DEVIN_API_URL: devinApiUrl,
  ADMIN_TOKEN_SECRET_ID: text,
  STANDBY_TOKEN_SECRET_ID: z.optional(text),
  AUDIT_BUCKET: text,
  DRY_RUN: flag,
  ...siemSettings,
});
export type EnrollConfig = z.infer<typeof EnrollConfig>;

/** Of `npm run enroll -- --list`, which reads the bucket alone. */
export const EnrollListConfig = z.object({ AUDIT_BUCKET: text });
