import * as z from 'zod/mini';
import { siemSettings } from '../audit/config.ts';
import { devinApiUrl, flag, githubApiUrl, text, wholeNumber } from '../platform/config.ts';

/** The settings of the worker. */
export const RevokeConfig = z.object({
  DEVIN_API_URL: devinApiUrl,
  GITHUB_API_URL: githubApiUrl,
  ADMIN_TOKEN_SECRET_ID: text,
  GITHUB_TOKEN_SECRET_ID: z.optional(text),
  STANDBY_TOKEN_SECRET_ID: z.optional(text),
  AMBIGUOUS_KEY: z._default(z.enum(['escalate', 'revoke_all'], 'must be escalate or revoke_all'), 'escalate'),
  AUDIT_BUCKET: text,
  PROOF_WINDOW_SECONDS: z._default(wholeNumber(0, 600), 20),
  ...siemSettings,
  DRY_RUN: flag,
});
export type RevokeConfig = z.infer<typeof RevokeConfig>;
