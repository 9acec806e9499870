import * as z from 'zod/mini';
import { queueUrl, text, wholeNumber } from '../platform/config.ts';

/** The worker's settings for what follows a report. */
export const aftermathSettings = {
  AFTERMATH: z._default(z.enum(['off', 'report', 'terminate'], 'must be off, report or terminate'), 'report'),
  AFTERMATH_MAX: z._default(wholeNumber(0, 1_000), 20),
  AFTERMATH_MARGIN_HOURS: z._default(wholeNumber(0, 8_760), 24),
  ACTIVITY_TOKEN_SECRET_ID: z.optional(text),
  LEAK_QUEUE_URL: z.optional(queueUrl),
  NOTIFY_TOPIC_ARN: z.optional(text),
};
