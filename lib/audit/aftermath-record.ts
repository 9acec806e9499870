import * as z from 'zod/mini';
import { Aftermath, type AftermathRequest, FollowedReport } from '../domain/aftermath.ts';
import type { AuditContext } from './audit-entry.ts';
import { activity, cloud, metadata, PRODUCT, rated } from './ocsf-base.ts';
import type { Rating } from './ocsf-codes.ts';
import { serialiseAs } from './ocsf-schema.ts';
import { commandUid } from './record-text.ts';

/** Names of the records of an aftermath within those of its report. */
export const AFTERMATH = '75-aftermath';
const AFTERMATH_REHEARSAL = '76-aftermath-rehearsal';
export const END_INTENT = '72-end-session-';

/** The first one has the name alone; there is one for each service user of a report. */
export function aftermathName({ dry_run, part = 0 }: Pick<AftermathRequest, 'dry_run' | 'part'>): string {
  const name = dry_run ? AFTERMATH_REHEARSAL : AFTERMATH;
  return part === 0 ? name : `${name}-${part + 1}`;
}

/** Whether a record's path is that of an aftermath, and not of a rehearsal. */
export function isAftermath(path: string): boolean {
  return new RegExp(`/${AFTERMATH}(?:-\\d+)?\\.json$`).test(path);
}

const context = { attempt: z.int(), report: FollowedReport };
const AftermathFacts = z.extend(Aftermath, context);
const EndIntentFacts = z.strictObject({
  kind: z.literal('aftermath_intent'),
  service_user_id: z.string(),
  session_id: z.string(),
  org_id: z.string(),
  ...context,
});

const OBSERVED = [3, 'Observed'] as const;
const RATINGS = {
  aftermath_clear: {
    status: [1, 'Success'],
    severity: [1, 'Informational'],
    action: OBSERVED,
    disposition: [17, 'Logged'],
  },
  aftermath_found: {
    status: [1, 'Success'],
    severity: [4, 'High'],
    action: OBSERVED,
    disposition: [19, 'Alert'],
  },
  aftermath_incomplete: {
    status: [4, 'Partial'],
    severity: [4, 'High'],
    action: OBSERVED,
    disposition: [19, 'Alert'],
  },
  aftermath_escalated: {
    status: [5, 'Unsupported'],
    severity: [5, 'Critical'],
    action: OBSERVED,
    disposition: [19, 'Alert'],
  },
  aftermath_intent: {
    status: [99, 'Pending'],
    severity: [4, 'High'],
    action: OBSERVED,
    disposition: [99, 'Pending'],
  },
} as const satisfies Record<string, Rating>;

/** What one record of an aftermath answers. */
export interface AftermathStamp {
  readonly report: FollowedReport;
  readonly context: AuditContext;
  readonly name: string;
  /** Epoch milliseconds. */
  readonly time: number;
}

/**
 * The record of an aftermath: OCSF 1.8.0, class 7001, activity Detect.
 *
 * @param summary in words
 * @throws {z.core.$ZodError}
 */
export function aftermathRecord(facts: Aftermath, summary: string, stamp: AftermathStamp): string {
  const code = codeOf(facts);
  return serialiseAs(AftermathFacts, {
    ...activity([5, 'Detect']),
    ...rated(code, RATINGS[code]),
    status_detail: facts.escalated ?? facts.problems[0] ?? facts.note,
    message: summary,
    remediation: { desc: 'Look at what was done with the key since it leaked, and at what still runs' },
    ...common(stamp, 'listEnterpriseSessions'),
    is_alert: code !== 'aftermath_clear',
    ...observables(facts),
    unmapped: { ...facts, attempt: stamp.context.attempt, report: stamp.report },
  });
}

/** The record that precedes the end of a session. @throws {z.core.$ZodError} */
export function endIntentRecord(
  serviceUserId: string,
  session: { readonly session_id: string; readonly org_id: string },
  stamp: AftermathStamp,
): string {
  const { org_id, session_id } = session;
  return serialiseAs(EndIntentFacts, {
    ...activity([99, 'End Session']),
    ...rated('aftermath_intent', RATINGS.aftermath_intent),
    status_detail: 'about to end a session',
    message: `session ${session_id} of ${serviceUserId}: about to be ended`,
    remediation: { desc: 'End a session that was started since the key leaked' },
    ...common(stamp, 'terminateSession'),
    is_alert: false,
    observables: [resource('unmapped.session_id', session_id)],
    unmapped: {
      kind: 'aftermath_intent',
      service_user_id: serviceUserId,
      session_id,
      org_id,
      attempt: stamp.context.attempt,
      report: stamp.report,
    },
  });
}

function codeOf({ complete, escalated, keys, schedules, secrets, service_users, sessions }: Aftermath) {
  if (escalated !== undefined) return 'aftermath_escalated';
  if (!complete) return 'aftermath_incomplete';
  const found = [sessions, keys, schedules, secrets, service_users].some(({ total }) => total > 0);
  return found ? 'aftermath_found' : 'aftermath_clear';
}

function common({ context: run, name, report, time }: AftermathStamp, operation: string) {
  const { caller, invoked_by, report_id, reported_at } = report;
  return {
    time,
    timezone_offset: 0,
    command_uid: commandOf(report),
    metadata: metadata(`${report_id}#${name}`, report_id, reported_at),
    cloud: cloud(run),
    actor: { app_name: PRODUCT, invoked_by, ...(caller !== undefined && { user: { name: caller } }) },
    api: {
      operation,
      service: { name: 'devin-api', version: 'v3' },
      request: { uid: run.requestId },
    },
  };
}

function commandOf({ leak, ...report }: FollowedReport): string {
  return leak.kind === 'service_user' ? report.report_id : commandUid({ ...report, leak });
}

/** What an analyst searches for. https://schema.ocsf.io/1.8.0/objects/observable */
function observables({ api_key_id, keys, schedules, sessions }: Aftermath) {
  const found = [
    ...(api_key_id === undefined ? [] : [credential('unmapped.api_key_id', api_key_id)]),
    ...sessions.listed.flatMap(({ pull_requests, session_id }) => [
      resource('unmapped.sessions.listed.session_id', session_id),
      ...pull_requests.map((value) => link('unmapped.sessions.listed.pull_requests', value)),
    ]),
    ...schedules.listed.map(({ schedule_id }) =>
      resource('unmapped.schedules.listed.schedule_id', schedule_id),
    ),
    ...keys.listed.flatMap(({ api_key_id: id }) =>
      id === undefined ? [] : [credential('unmapped.keys.listed.api_key_id', id)],
    ),
  ];
  return found.length === 0 ? {} : { observables: found };
}

function link(name: string, value: string) {
  return { name, type_id: 6, type: 'URL String', value };
}

function resource(name: string, value: string) {
  return { name, type_id: 10, type: 'Resource UID', value };
}

function credential(name: string, value: string) {
  return { name, type_id: 19, type: 'User Credential ID', value };
}
