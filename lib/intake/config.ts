import * as z from 'zod/mini';
import { flag, queueUrl, secretTypes, text } from '../platform/config.ts';

/** The settings of the webhook. */
export const WebhookConfig = z.object({
  WEBHOOK_SECRET_ID: text,
  LEAK_QUEUE_URL: queueUrl,
  GITHUB_SECRET_TYPES: secretTypes,
  SEALING_KEY_ID: z.optional(text),
  DRY_RUN: flag,
});
export type WebhookConfig = z.infer<typeof WebhookConfig>;
