import * as z from 'zod/mini';
import { queueUrl, text } from '../platform/config.ts';

/** The settings of the digest. */
export const DigestConfig = z.object({ AUDIT_BUCKET: text, AUDIT_KEY_ID: text });
export type DigestConfig = z.infer<typeof DigestConfig>;

/** The settings of the reconciliation. */
export const ReconcileConfig = z.object({ AUDIT_BUCKET: text, LEAK_QUEUE_URL: queueUrl });
export type ReconcileConfig = z.infer<typeof ReconcileConfig>;
