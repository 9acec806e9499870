import * as z from 'zod/mini';
import { siemSettings } from '../../audit/siem-settings.ts';
import { ApiKeyId, ServiceUserId } from '../../domain/key.ts';
import { commaList, devinApiUrl, flag, queueUrl, text, wholeNumber } from '../../platform/config.ts';

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
// Ids only: a name would look like an exemption without being one.
const exemptIds = commaList.check(
  z.refine(
    (values) =>
      values.every((value) =>
        value.startsWith('service-user-')
          ? ServiceUserId.safeParse(value).success
          : ApiKeyId.safeParse(value).success,
      ),
    'must be ids of service users or keys, separated by commas',
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
  DEVIN_API_URL: devinApiUrl,
  ADMIN_TOKEN_SECRET_ID: text,
  STANDBY_TOKEN_SECRET_ID: z.optional(text),
  LEAK_QUEUE_URL: queueUrl,
  SWEEP_QUEUE_URL: z.optional(queueUrl),
  AUDIT_BUCKET: text,
  NOTIFY_TOPIC_ARN: z.optional(text),
  ...siemSettings,
  ...sweepPolicy,
});
export type SweepKeysConfig = z.infer<typeof SweepKeysConfig>;

/** Of `npm run sweep -- --plan`, which stores nothing and queues nothing. */
export const SweepPlanConfig = z.object({
  DEVIN_API_URL: devinApiUrl,
  ADMIN_TOKEN_SECRET_ID: z.optional(text),
  ...sweepPolicy,
});
export type SweepPlanConfig = z.infer<typeof SweepPlanConfig>;
