import * as z from 'zod/mini';
import { commaList, flag, queueUrl, secretTypes, text } from '../platform/config.ts';

/** The settings of the webhook. */
export const WebhookConfig = z.object({
  WEBHOOK_SECRET_ID: text,
  LEAK_QUEUE_URL: queueUrl,
  GITHUB_SECRET_TYPES: secretTypes,
  GITLAB_TOKEN_TYPES: z._default(commaList, ['gitleaks_rule_id_devin-api-key']),
  SEALING_KEY_ID: z.optional(text),
  DRY_RUN: flag,
});
export type WebhookConfig = z.infer<typeof WebhookConfig>;
