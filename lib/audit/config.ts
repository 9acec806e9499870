import * as z from 'zod/mini';
import { queueUrl, text } from '../platform/config.ts';
import { siemSettings } from './siem-settings.ts';

/** The settings of the digest. */
export const DigestConfig = z.object({
  AUDIT_BUCKET: text,
  AUDIT_KEY_ID: text,
  NOTIFY_TOPIC_ARN: z.optional(text),
  ...siemSettings,
});
export type DigestConfig = z.infer<typeof DigestConfig>;

/** The settings of the reconciliation. */
export const ReconcileConfig = z.object({ AUDIT_BUCKET: text, LEAK_QUEUE_URL: queueUrl, ...siemSettings });
export type ReconcileConfig = z.infer<typeof ReconcileConfig>;
