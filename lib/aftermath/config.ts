import * as z from 'zod/mini';
import { devinApiUrl, queueUrl, text, wholeNumber } from '../platform/config.ts';

const marginHours = z._default(wholeNumber(0, 8_760), 24);

/** The worker's settings for what follows a report. */
export const aftermathSettings = {
  AFTERMATH: z._default(z.enum(['off', 'report', 'terminate']), 'report'),
  AFTERMATH_MAX: z._default(wholeNumber(0, 1_000), 20),
  AFTERMATH_MARGIN_HOURS: marginHours,
  ACTIVITY_TOKEN_SECRET_ID: z.optional(text),
  LEAK_QUEUE_URL: z.optional(queueUrl),
  NOTIFY_TOPIC_ARN: z.optional(text),
};

/** Of `npm run aftermath`, which needs the bucket only to end sessions. */
export const AftermathCommandConfig = z.object({
  DEVIN_API_URL: devinApiUrl,
  ADMIN_TOKEN_SECRET_ID: z.optional(text),
  ACTIVITY_TOKEN_SECRET_ID: z.optional(text),
  AFTERMATH_MARGIN_HOURS: marginHours,
  AUDIT_BUCKET: z.optional(text),
});
export type AftermathCommandConfig = z.infer<typeof AftermathCommandConfig>;

/** The worker's settings that an aftermath needs. */
export interface AftermathSettings {
  readonly AFTERMATH: 'off' | 'report' | 'terminate';
  readonly AFTERMATH_MAX: number;
  readonly AFTERMATH_MARGIN_HOURS: number;
  readonly ACTIVITY_TOKEN_SECRET_ID?: string | undefined;
  readonly STANDBY_TOKEN_SECRET_ID?: string | undefined;
  readonly LEAK_QUEUE_URL?: string | undefined;
  readonly NOTIFY_TOPIC_ARN?: string | undefined;
  readonly AUDIT_BUCKET: string;
  readonly DEVIN_API_URL: string;
  readonly PROOF_WINDOW_SECONDS: number;
  readonly DRY_RUN: boolean;
}
