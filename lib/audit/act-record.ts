import * as z from 'zod/mini';
import type { AuditContext } from './audit-entry.ts';
import { activity, cloud, metadata, PRODUCT, rated } from './ocsf-base.ts';
import type { Rating } from './ocsf-codes.ts';
import type { RecordOf } from './ocsf-schema.ts';

/** What a person asked for. */
export const ActFacts = z.strictObject({
  kind: z.literal('act'),
  act: z.enum(['release', 'stop', 'resume', 'acknowledge', 'enrol', 'sweep']),
  /** The plan, the report or the key that it is about. */
  subject: z.optional(z.string()),
  reason: z.optional(z.string()),
});
export type ActFacts = z.infer<typeof ActFacts>;

/** The head of a day's digest. It goes to the SIEM alone: the digest itself is in the bucket. */
export const DigestFacts = z.strictObject({
  kind: z.literal('digest'),
  day: z.string(),
  /** `<day>:<SHA-256 of the file>` */
  head: z.string(),
  late: z.boolean(),
  anomalies: z.int(),
  counts: z.record(z.string(), z.int()),
});
export type DigestFacts = z.infer<typeof DigestFacts>;

function logged(status: Rating['status']): Rating {
  return { status, severity: [1, 'Informational'], action: [3, 'Observed'], disposition: [17, 'Logged'] };
}

const ANOMALOUS: Rating = {
  status: [99, 'Anomalous'],
  severity: [4, 'High'],
  action: [3, 'Observed'],
  disposition: [19, 'Alert'],
};

type Context = Omit<AuditContext, 'attempt'>;

/** What a person did, or had done. */
export interface Act extends Omit<ActFacts, 'kind'> {
  /** Epoch milliseconds. */
  readonly time: number;
  /** Who, as far as the event says; CloudTrail knows, by the request id. */
  readonly by?: string | undefined;
}

const TITLES: Readonly<Record<ActFacts['act'], readonly [activity: string, desc: string]>> = {
  release: ['Release Plan', 'Carry out a plan that a guard rail held back'],
  stop: ['Stop Sweeps', 'Stop all sweeps'],
  resume: ['Resume Sweeps', 'Let sweeps run again'],
  acknowledge: ['Acknowledge Report', 'Accept that a report has no outcome'],
  enrol: ['Enrol Key', 'Enter a key into the registry'],
  sweep: ['Run Sweep', 'Start a sweep by hand'],
};

/** Builds the record of an act. @param of the id of what it is filed under, and the record's name there */
export function actRecord(
  { by, time, ...facts }: Act,
  of: { readonly id: string; readonly name: string },
  context: Context,
): RecordOf<ActFacts> {
  const [name, desc] = TITLES[facts.act];
  return {
    ...activity([99, name]),
    ...rated('requested', logged([99, 'Requested'])),
    time,
    timezone_offset: 0,
    status_detail: facts.reason ?? 'no reason given',
    message: [name, facts.subject].filter((part) => part !== undefined).join(': '),
    command_uid: facts.subject ?? of.id,
    remediation: { desc },
    metadata: metadata(`${of.id}#${of.name}`, of.id, time),
    cloud: cloud(context),
    actor: { app_name: PRODUCT, invoked_by: 'console', ...(by !== undefined && { user: { name: by } }) },
    api: api(facts.act, context),
    is_alert: false,
    unmapped: { kind: 'act', ...facts },
  };
}

/** Builds the event that takes a digest's head to the SIEM. @param time epoch milliseconds of the signature */
export function digestRecord(
  facts: Omit<DigestFacts, 'kind'>,
  time: number,
  context: Context,
): RecordOf<DigestFacts> {
  const isStrange = facts.late || facts.anomalies > 0;
  const id = `digest/${facts.day}`;
  return {
    ...activity([99, 'Sign Digest']),
    ...(isStrange ? rated('anomalous', ANOMALOUS) : rated('signed', logged([1, 'Success']))),
    time,
    timezone_offset: 0,
    status_detail: `late: ${facts.late}; anomalies: ${facts.anomalies}`,
    message: `digest of ${facts.day}: ${facts.head}`,
    command_uid: id,
    remediation: { desc: 'Sign what was stored in the audit log on one day' },
    metadata: metadata(id, id, time),
    cloud: cloud(context),
    actor: { app_name: PRODUCT, invoked_by: 'schedule' },
    api: api('sign', context),
    is_alert: isStrange,
    unmapped: { kind: 'digest', ...facts },
  };
}

function api(operation: string, { requestId }: Context) {
  return { operation, service: { name: PRODUCT, version: 'v1' }, request: { uid: requestId } };
}
