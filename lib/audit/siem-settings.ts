import * as z from 'zod/mini';
import { safeUrl, text } from '../platform/config.ts';

/** Where copies of records go. */
export const siemSettings = {
  AUDIT_HTTP_URL: z.optional(safeUrl),
  AUDIT_HTTP_SECRET_ID: z.optional(text),
};
