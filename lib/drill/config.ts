import * as z from 'zod/mini';
import { ServiceUserId } from '../domain/key.ts';
import { devinApiUrl, flag, safeUrl, text, wholeNumber } from '../platform/config.ts';

/** The settings of the function `drill`. */
export const DrillConfig = z.object({
  DEVIN_API_URL: devinApiUrl,
  ADMIN_TOKEN_SECRET_ID: text,
  STANDBY_TOKEN_SECRET_ID: z.optional(text),
  WEBHOOK_SECRET_ID: text,
  LEAKS_URL: safeUrl,
  AUDIT_BUCKET: text,
  NOTIFY_TOPIC_ARN: z.optional(text),
  DRILL_SERVICE_USER_ID: z.optional(ServiceUserId),
  DRILL_LIMIT_SECONDS: z._default(wholeNumber(1, 500), 60),
  DRY_RUN: flag,
});
export type DrillConfig = z.infer<typeof DrillConfig>;
