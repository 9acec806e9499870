import * as z from 'zod/mini';
import {
  commaList,
  flag,
  githubApiUrl,
  queueUrl,
  secretTypes,
  text,
  wholeNumber,
} from '../../platform/config.ts';

const organisation = /^[A-Za-z0-9][A-Za-z0-9-]{0,99}$/;
export const SweepAlertsConfig = z.object({
  GITHUB_API_URL: githubApiUrl,
  GITHUB_TOKEN_SECRET_ID: text,
  LEAK_QUEUE_URL: queueUrl,
  BACKLOG_QUEUE_URL: z.optional(queueUrl),
  BACKLOG_PER_MINUTE: z._default(wholeNumber(1, 10_000), 60),
  AUDIT_BUCKET: text,
  GITHUB_SECRET_TYPES: secretTypes,
  GITHUB_ORGS: commaList.check(
    z.minLength(1, 'must name at least one organisation'),
    z.refine((values) => values.every((value) => organisation.test(value)), 'must be GitHub organisations'),
  ),
  DRY_RUN: flag,
});
export type SweepAlertsConfig = z.infer<typeof SweepAlertsConfig>;
