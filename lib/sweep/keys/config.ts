import * as z from 'zod/mini';
import { siemSettings } from '../../audit/siem-settings.ts';
import { baseUrl, commaList, devinApiUrl, flag, queueUrl, text, wholeNumber } from '../../platform/config.ts';
import { readOwnersSource } from './owners.ts';

/** A share: 0 to 1. */
const ratio = z.pipe(
  z.string().check(z.regex(/^(?:0|1|[01]?\.\d{1,6})$/, 'must be a number from 0 to 1')),
  z.pipe(z.transform(Number), z.number().check(z.maximum(1, 'must be 1 or less'))),
);

const days = wholeNumber(1, 36_500);
const warnDays = commaList.check(
  z.refine(
    (values) => values.every((value) => /^[1-9]\d{0,4}$/.test(value)),
    'must be whole numbers of days, separated by commas',
  ),
);
const exemptions = commaList.check(
  z.refine(
    (values) => values.every((value) => value.length <= 256 && !value.includes('cog_')),
    'must be ids or names of service users or keys, separated by commas',
  ),
);
const owners = z.pipe(
  z
    .string()
    .check(
      z.refine(
        (value) => readOwnersSource(value) !== undefined,
        'must be JSON that maps service users to mail addresses or Slack channels, or the key of an object such as owners/owners.json',
      ),
    ),
  z.transform(readOwnersSource),
);

const sweepPolicy = {
  SWEEP_MODE: z._default(z.enum(['report', 'enforce'], 'must be report or enforce'), 'report'),
  SWEEP_MAX_AGE_DAYS: z.optional(days),
  SWEEP_MAX_IDLE_DAYS: z.optional(days),
  SWEEP_WARN_DAYS: z._default(warnDays, ['14', '7', '1']),
  SWEEP_MAX_REVOCATIONS: z._default(wholeNumber(0, 1_000_000), 25),
  SWEEP_MAX_RATIO: z._default(ratio, 0.2),
  SWEEP_EXEMPT: z._default(exemptions, []),
  DRY_RUN: flag,
};

export const SweepKeysConfig = z.object({
  DEVIN_API_URL: devinApiUrl,
  ADMIN_TOKEN_SECRET_ID: text,
  STANDBY_TOKEN_SECRET_ID: z.optional(text),
  ACTIVITY_TOKEN_SECRET_ID: z.optional(text),
  LEAK_QUEUE_URL: queueUrl,
  BACKLOG_QUEUE_URL: z.optional(queueUrl),
  SWEEP_QUEUE_URL: z.optional(queueUrl),
  AUDIT_BUCKET: text,
  NOTIFY_TOPIC_ARN: z.optional(text),
  ...siemSettings,
  OWNERS: z.optional(owners),
  OWNERS_FROM: z.optional(z.string().check(z.regex(/^[^\s@<>,;]+@[^\s@<>,;]+$/, 'must be a mail address'))),
  SLACK_API_URL: z._default(baseUrl, 'https://slack.com/api'),
  SLACK_TOKEN_SECRET_ID: z.optional(text),
  SWEEP_PLAN_DAYS: z._default(wholeNumber(1, 365), 7),
  ...sweepPolicy,
});
export type SweepKeysConfig = z.infer<typeof SweepKeysConfig>;

/** Of `npm run sweep -- --plan`, which stores nothing and queues nothing. */
export const SweepPlanConfig = z.object({
  DEVIN_API_URL: devinApiUrl,
  ADMIN_TOKEN_SECRET_ID: z.optional(text),
  STANDBY_TOKEN_SECRET_ID: z.optional(text),
  ACTIVITY_TOKEN_SECRET_ID: z.optional(text),
  ...sweepPolicy,
});
export type SweepPlanConfig = z.infer<typeof SweepPlanConfig>;
