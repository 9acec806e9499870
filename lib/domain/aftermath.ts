import * as z from 'zod/mini';
import { ApiKeyId, ServiceUserId } from './key.ts';
import { LeakReport } from './report.ts';

/** The report that an aftermath follows. A token given alone leaves its kind; a person may name a service user alone. */
export const FollowedReport = z.strictObject({
  ...LeakReport.shape,
  leak: z.union([
    LeakReport.shape.leak,
    z.object({ kind: z.literal('token') }),
    z.object({ kind: z.literal('service_user'), service_user_id: ServiceUserId }),
  ]),
});

export type FollowedReport = z.infer<typeof FollowedReport>;

/** What is to be looked at after a report, as a message of its own on the queue. It never holds a token. */
export const AftermathRequest = z.object({
  version: z.literal(1),
  kind: z.literal('aftermath'),
  service_user_id: ServiceUserId,
  /** Which of the service users of its report, whose secret held the tokens of several; nothing for the first. */
  part: z.optional(z.int().check(z.positive())),
  /** The leaked key, where it is known. */
  api_key_id: z.optional(ApiKeyId),
  /** Epoch milliseconds of the leak, without the margin. */
  leaked_at: z.int(),
  /** The time is a person's, so that no margin is taken. */
  exact: z.optional(z.boolean()),
  /** The leaked token is that of this software: nothing is ended. */
  own_key: z.optional(z.boolean()),
  /** Nothing is ended: that a key of this service user leaked is not established. */
  report_only: z.optional(z.boolean()),
  dry_run: z.optional(z.boolean()),
  /** How often it was tried, this time included. */
  attempt: z.int(),
  report: FollowedReport,
});
export type AftermathRequest = z.infer<typeof AftermathRequest>;

const text = z.string();
const count = z.int();

/** What became of a session that was to be ended. */
export const SessionEnd = z.enum([
  /** Its end was read after our DELETE. */
  'ended',
  /** Its DELETE was refused, and it is over. */
  'ended_by_itself',
  /** It is over, and an earlier try recorded the intent to end it. */
  'over_after_intent',
  'unproven',
  'failed',
  'would_end',
]);
export type SessionEnd = z.infer<typeof SessionEnd>;

/** Times are ISO 8601 in UTC; free text is cut and redacted. */
export const SeenSession = z.strictObject({
  session_id: text,
  org_id: text,
  status: text,
  running: z.boolean(),
  created_at: text,
  url: z.optional(text),
  title: z.optional(text),
  pull_requests: z.array(text),
  /** The user in whose name it was started. */
  as_user: z.optional(text),
  parent_session_id: z.optional(text),
  origin: z.optional(text),
  /** What differs from the thirty days before. */
  unusual: z.array(z.enum(['hour', 'origin'])),
  end: z.optional(SessionEnd),
  end_reason: z.optional(text),
});
export type SeenSession = z.infer<typeof SeenSession>;

export const SeenSchedule = z.strictObject({
  schedule_id: text,
  org_id: text,
  name: text,
  enabled: z.boolean(),
  created_at: text,
  frequency: z.optional(text),
});
export type SeenSchedule = z.infer<typeof SeenSchedule>;

/** A key that the service user made; without ids where the audit log names none. */
export const MadeKey = z.strictObject({
  service_user_id: z.optional(text),
  api_key_id: z.optional(text),
  made_at: text,
  by: z.enum(['create', 'rotate']),
  active: z.optional(z.boolean()),
  /** The event that revokes it. */
  event: z.optional(text),
  queued: z.optional(z.boolean()),
});
export type MadeKey = z.infer<typeof MadeKey>;

/** An act of the audit log other than these. */
export const SeenAct = z.strictObject({
  action: text,
  at: text,
  id: z.optional(text),
  org_id: z.optional(text),
});
export type SeenAct = z.infer<typeof SeenAct>;

const listed = <T extends z.core.$ZodType>(entry: T) =>
  z.strictObject({ total: count, listed: z.array(entry) });

/** What was done with a service user's keys since a leak, as it goes on record under `unmapped`. */
export const Aftermath = z.strictObject({
  kind: z.literal('aftermath'),
  service_user_id: text,
  api_key_id: z.optional(text),
  mode: z.enum(['report', 'terminate']),
  dry_run: z.optional(z.literal(true)),
  own_key: z.optional(z.literal(true)),
  since: text,
  until: text,
  /** `false`: something could not be read or done; `problems` says what and why. */
  complete: z.boolean(),
  problems: z.array(text),
  /** A person has to act, since nothing was ended. */
  escalated: z.optional(text),
  sessions: z.strictObject({ total: count, running: count, unusual: count, listed: z.array(SeenSession) }),
  schedules: listed(SeenSchedule),
  keys: listed(MadeKey),
  service_users: listed(SeenAct),
  secrets: listed(SeenAct),
  /** All other acts, by their names, and the first of them. */
  acts: z.strictObject({ total: count, by_action: z.record(text, count), listed: z.array(SeenAct) }),
  /** The sessions of the thirty days before; left out where they could not be read. */
  usual: z.optional(z.strictObject({ sessions: count, hours_utc: z.array(count), origins: z.array(text) })),
  note: text,
});
export type Aftermath = z.infer<typeof Aftermath>;
