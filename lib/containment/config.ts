import * as z from 'zod/mini';
import { aftermathSettings } from '../aftermath/config.ts';
import { siemSettings } from '../audit/siem-settings.ts';
import { devinApiUrl, flag, githubApiUrl, text, wholeNumber } from '../platform/config.ts';

const probability = (minimum: number, maximum: number) =>
  z.pipe(
    z.string().check(z.regex(/^\d{1,9}(?:\.\d{1,20})?(?:e-?\d{1,3})?$/i, 'must be a number, such as 1e-6')),
    z.pipe(
      z.transform(Number),
      z
        .number()
        .check(
          z.minimum(minimum, `must be ${minimum} or more`),
          z.maximum(maximum, `must be ${maximum} or less`),
        ),
    ),
  );

/** Seconds that Lambda gives the worker: a test holds the template to it. */
export const REVOKE_TIMEOUT_SECONDS = 180;
/** Seconds that must be left beside proofs and the search for the DELETE and the records. */
const WORK_SECONDS = 20;
/** A proof may take half of its window more, see judgeProbes. It waits for a key that ended lately, and for ours. */
const PROOFS = 2 * 1.5;
export const MAX_PROOF_WINDOW_SECONDS = Math.floor((REVOKE_TIMEOUT_SECONDS - WORK_SECONDS) / PROOFS);
export const MAX_SEARCH_SECONDS = REVOKE_TIMEOUT_SECONDS - WORK_SECONDS;

/** The settings of the worker. */
export const RevokeConfig = z.object({
  DEVIN_API_URL: devinApiUrl,
  GITHUB_API_URL: githubApiUrl,
  ADMIN_TOKEN_SECRET_ID: text,
  GITHUB_TOKEN_SECRET_ID: z.optional(text),
  STANDBY_TOKEN_SECRET_ID: z.optional(text),
  AMBIGUOUS_KEY: z._default(z.enum(['escalate', 'revoke_all'], 'must be escalate or revoke_all'), 'escalate'),
  ATTRIBUTION_ERROR: z._default(probability(1e-12, 0.01), 1e-6),
  SEARCH_SECONDS: z._default(wholeNumber(0, MAX_SEARCH_SECONDS), 100),
  NOTIFY: z._default(z.enum(['all', 'needs-person']), 'all'),
  NOTIFY_TOPIC_ARN: z.optional(text),
  SEALING_KEY_ID: z.optional(text),
  AUDIT_BUCKET: text,
  PROOF_WINDOW_SECONDS: z._default(wholeNumber(0, MAX_PROOF_WINDOW_SECONDS), 20),
  ...siemSettings,
  DRY_RUN: flag,
  ...aftermathSettings,
});
export type RevokeConfig = z.infer<typeof RevokeConfig>;
