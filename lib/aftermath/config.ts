import * as z from 'zod/mini';
import { queueUrl, text, wholeNumber } from '../platform/config.ts';

export const marginHours = z._default(wholeNumber(0, 8_760), 24);

/** The worker's settings for what follows a report. */
export const aftermathSettings = {
  AFTERMATH: z._default(z.enum(['off', 'report', 'terminate']), 'report'),
  AFTERMATH_MAX: z._default(wholeNumber(0, 1_000), 20),
  AFTERMATH_MARGIN_HOURS: marginHours,
  ACTIVITY_TOKEN_SECRET_ID: z.optional(text),
  LEAK_QUEUE_URL: z.optional(queueUrl),
};

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
  readonly NOTIFY: 'all' | 'needs-person';
  readonly GITHUB_API_URL: string;
  readonly DRY_RUN: boolean;
}
