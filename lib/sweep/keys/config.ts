import * as z from 'zod/mini';
import { ApiKeyId, ServiceUserId } from '../../domain/key.ts';
import { baseUrl, commaList, flag, text, wholeNumber } from '../../platform/config.ts';

/** A share: 0 to 1. */
const ratio = z.pipe(
  z.string().check(z.regex(/^(?:0|1|[01]?\.\d{1,6})$/, 'must be a number from 0 to 1')),
  z.pipe(z.transform(Number), z.number().check(z.maximum(1, 'must be 1 or less'))),
);

const days = wholeNumber(1, 36_500);
const warnDays = commaList.check(
  z.refine(
    (values) => values.every((value) => /^[1-9]\d{0,4}$/.test(value)),
    'must be whole numbers of days, parted by commas',
  ),
);
// Ids, not names: a name would look like an exemption and be none.
const exemptIds = commaList.check(
  z.refine(
    (values) =>
      values.every((value) =>
        value.startsWith('service-user-')
          ? ServiceUserId.safeParse(value).success
          : ApiKeyId.safeParse(value).success,
      ),
    'must be ids of service users or keys, parted by commas',
  ),
);

const sweepPolicy = {
  SWEEP_MODE: z._default(z.enum(['report', 'enforce'], 'must be report or enforce'), 'report'),
  SWEEP_MAX_AGE_DAYS: z.optional(days),
  SWEEP_MAX_IDLE_DAYS: z.optional(days),
  SWEEP_WARN_DAYS: z._default(warnDays, ['14', '7', '1']),
  SWEEP_MAX_REVOCATIONS: z._default(wholeNumber(0, 1_000_000), 25),
  SWEEP_MAX_RATIO: z._default(ratio, 0.2),
  SWEEP_EXEMPT: z._default(exemptIds, []),
  DRY_RUN: flag,
};

export const SweepKeysConfig = z.object({
  DEVIN_API_URL: z._default(baseUrl, 'https://api.devin.ai'),
  ADMIN_TOKEN_SECRET_ID: text,
  STANDBY_TOKEN_SECRET_ID: z.optional(text),
  LEAK_QUEUE_URL: z.url('must be a URL'),
  SWEEP_QUEUE_URL: z.optional(z.url('must be a URL')),
  AUDIT_BUCKET: text,
  NOTIFY_TOPIC_ARN: z.optional(text),
  ...sweepPolicy,
});
export type SweepKeysConfig = z.infer<typeof SweepKeysConfig>;

/** For the plan on the command line, which stores nothing and queues nothing. */
export const SweepPlanConfig = z.object({
  DEVIN_API_URL: z._default(baseUrl, 'https://api.devin.ai'),
  ADMIN_TOKEN_SECRET_ID: z.optional(text),
  ...sweepPolicy,
});
export type SweepPlanConfig = z.infer<typeof SweepPlanConfig>;

const organisation = /^[A-Za-z0-9][A-Za-z0-9-]{0,99}$/;
export const SweepAlertsConfig = z.object({
  GITHUB_API_URL: z._default(baseUrl, 'https://api.github.com'),
  GITHUB_TOKEN_SECRET_ID: text,
  LEAK_QUEUE_URL: z.url('must be a URL'),
  AUDIT_BUCKET: text,
  GITHUB_SECRET_TYPES: commaList.check(z.minLength(1, 'must name one secret type at least')),
  GITHUB_ORGS: commaList.check(
    z.minLength(1, 'must name one organisation at least'),
    z.refine((values) => values.every((value) => organisation.test(value)), 'must be GitHub organisations'),
  ),
  DRY_RUN: flag,
});
export type SweepAlertsConfig = z.infer<typeof SweepAlertsConfig>;
