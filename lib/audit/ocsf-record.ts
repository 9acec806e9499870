import type { Outcome } from '../domain/outcome.ts';
import type { Proof } from '../domain/outcome-facts.ts';
import { LeakReport, type Report } from '../domain/report.ts';
import type { AuditContext, AuditEntry } from './audit-entry.ts';
import { activity, cloud, metadata, PRODUCT, rated } from './ocsf-base.ts';
import { type Code, RATINGS } from './ocsf-codes.ts';
import type { AuditRecord } from './ocsf-schema.ts';
import { commandUid, detail, message } from './record-text.ts';

export type { AuditContext, AuditEntry };

/** The name of a record, unique within its report, and its time. */
export interface Stamp {
  readonly name: string;
  /** Epoch milliseconds of the event. */
  readonly time: number;
}

/**
 * Builds the record of a report: OCSF 1.8.0, class 7001 Remediation Activity, with the profiles cloud, host and
 * security_control. A revocation is the activity Evict, all else Other.
 */
export function auditRecord(
  report: Report,
  entry: AuditEntry,
  context: AuditContext,
  { name, time }: Stamp,
): AuditRecord {
  const code = codeOf(entry);
  const outcome = outcomeOf(entry);
  const { api_key_id, service_user_id } = entry.kind === 'intent' ? entry.key : entry.outcome;
  const isClosing = entry.kind === 'alert';
  return {
    ...activity(isClosing ? [99, 'Close Alert'] : [2, 'Evict']),
    ...rated(code, RATINGS[code]),
    ...(outcome && weight(outcome)),
    time,
    timezone_offset: 0,
    status_detail: detail(entry),
    message: message(code, { api_key_id, service_user_id }),
    command_uid: commandUid(report),
    ...(!isClosing && { countermeasures: [D3FEND] }),
    remediation: {
      desc: isClosing
        ? 'Resolve the alert of a key that is proven dead'
        : 'Revoke the leaked key at its issuer, then prove that it no longer authenticates',
    },
    metadata: metadata(`${report.report_id}#${name}`, report.report_id, report.reported_at),
    cloud: cloud(context),
    actor: {
      app_name: PRODUCT,
      invoked_by: report.invoked_by,
      ...(report.caller !== undefined && { user: { name: report.caller } }),
    },
    api: api(entry, context),
    is_alert: code === 'escalated' || code === 'still_alive' || outcome?.own_key === true,
    ...(api_key_id !== undefined && keyEvidence(entry, api_key_id)),
    unmapped: { ...facts(entry), attempt: context.attempt, report: subject(report) },
  };
}

/** The report without its token. A token given alone leaves nothing but its kind. */
function subject({ token: _token, leak, ...rest }: Report) {
  return leak.kind === 'token' ? { ...rest, leak } : LeakReport.parse({ ...rest, leak });
}

function outcomeOf(entry: AuditEntry): Outcome | undefined {
  return entry.kind === 'intent' ? undefined : entry.outcome;
}

function codeOf(entry: AuditEntry): Code {
  if (entry.kind === 'intent') return 'intent';
  if (entry.kind === 'alert') return entry.outcome.alert.closed ? 'alert_closed' : 'alert_open';
  if (entry.outcome.status === 'ignored') throw new Error('an ignored report has no record');
  return entry.outcome.status;
}

/** How certain the key's attribution is; and a leak of our own admin token is the worst of all. */
function weight({ attribution, own_key }: Outcome) {
  const isMedium = attribution?.confidence === 'medium';
  return {
    ...(attribution && {
      confidence_id: isMedium ? 2 : 3,
      confidence: isMedium ? 'Medium' : 'High',
    }),
    ...(own_key && { severity_id: 6, severity: 'Fatal' }),
  };
}

function api(entry: AuditEntry, { requestId }: AuditContext) {
  const request = { uid: requestId };
  if (entry.kind === 'alert') {
    const service = { name: 'github-api', version: '2022-11-28' };
    return { operation: 'secret-scanning/update-alert', service, request };
  }
  const isSeen =
    entry.kind === 'outcome' && entry.outcome.status === 'revoked' && entry.outcome.evidence !== 'recovered';
  return {
    operation: 'revokeServiceUserApiKey',
    service: { name: 'devin-api', version: 'v3' },
    request,
    // Only an answer that this run saw; a 200 that nobody saw is never claimed.
    ...(isSeen && { response: { code: 200 } }),
  };
}

/** The key as an observable, and the proof of its death as its enrichment. */
function keyEvidence(entry: AuditEntry, value: string) {
  const name = 'unmapped.api_key_id';
  const observables = [{ name, type_id: 19, type: 'User Credential ID', value }];
  const proof = entry.kind === 'outcome' ? proofOf(entry.outcome) : undefined;
  if (proof === undefined) return { observables };
  const { at, method, probes, spread_ms } = proof;
  const data = { dead: true, method, probes, ...(spread_ms !== undefined && { spread_ms }), at };
  return { observables, enrichments: [{ name, value, type: 'liveness', provider: 'devin-api', data }] };
}

function proofOf(outcome: Outcome): Proof | undefined {
  switch (outcome.status) {
    case 'revoked':
    case 'already_revoked':
      return outcome.proof;
    case 'not_found':
    case 'still_alive':
    case 'escalated':
    case 'rehearsed':
    case 'ignored':
    case 'failed':
      return undefined;
    default:
      return outcome satisfies never;
  }
}

function facts(entry: AuditEntry) {
  switch (entry.kind) {
    case 'intent': {
      const { deleteSentAt: delete_sent_at } = entry;
      return { kind: entry.kind, ...entry.key, ...(delete_sent_at !== undefined && { delete_sent_at }) };
    }
    case 'alert': {
      const { alert, api_key_id, service_user_id } = entry.outcome;
      return { kind: entry.kind, alert, ...defined({ service_user_id, api_key_id }) };
    }
    case 'attempt':
    case 'rehearsal':
    case 'outcome': {
      const { forwarded: _forwarded, recorded: _recorded, ...outcome } = entry.outcome;
      return { kind: entry.kind, ...outcome, ...(!entry.intentStored && { intent_stored: false as const }) };
    }
    default:
      return entry satisfies never;
  }
}

function defined<T extends Record<string, string | undefined>>(
  fields: T,
): { [K in keyof T]?: NonNullable<T[K]> };
function defined(fields: Record<string, string | undefined>) {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

const D3FEND = {
  version: '1.2.0',
  d3f_tactic: { name: 'Evict' },
  d3f_technique: {
    uid: 'D3-CR',
    name: 'Credential Revocation',
    src_url: 'https://d3fend.mitre.org/technique/d3f:CredentialRevocation/',
  },
};
