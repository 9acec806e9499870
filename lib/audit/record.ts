import type { Outcome, Status } from '../outcome.ts';
import type { Report } from '../report.ts';

/** Who writes the record: this function's run. */
export interface AuditContext {
  readonly account?: string;
  readonly region: string;
  /** Of the invocation. */
  readonly requestId: string;
  /** How often the report was delivered so far, this time included. */
  readonly attempt: number;
}

/** What a record tells of. */
export type AuditEntry =
  | { readonly kind: 'intent'; readonly key: { service_user_id: string; api_key_id?: string } }
  | { readonly kind: 'attempt' | 'outcome'; readonly outcome: Outcome };

/** An OCSF record. https://schema.ocsf.io/1.8.0/classes/remediation_activity */
export type AuditRecord = Readonly<Record<string, unknown>>;

export const PRODUCT = 'devin-key-revoker';
export const VERSION = '0.1.0';

interface Rating {
  readonly status: readonly [number, string];
  readonly severity: readonly [number, string];
  readonly action: readonly [number, string];
  readonly disposition: readonly [number, string];
}

const observed = [3, 'Observed'] as const;
const high = [4, 'High'] as const;
const RATINGS: Readonly<Record<Exclude<Status, 'ignored'> | 'intent', Rating>> = {
  intent: { status: [99, 'Pending'], severity: high, action: observed, disposition: [14, 'Delayed'] },
  revoked: {
    status: [1, 'Success'],
    severity: high,
    action: [2, 'Denied'],
    disposition: [24, 'Access Revoked'],
  },
  already_revoked: {
    status: [1, 'Success'],
    severity: [3, 'Medium'],
    action: observed,
    disposition: [16, 'No Action'],
  },
  not_found: {
    status: [3, 'Does Not Exist'],
    severity: [3, 'Medium'],
    action: observed,
    disposition: [16, 'No Action'],
  },
  still_alive: {
    status: [4, 'Partial'],
    severity: [5, 'Critical'],
    action: observed,
    disposition: [13, 'Uncorrected'],
  },
  escalated: {
    status: [5, 'Unsupported'],
    severity: [5, 'Critical'],
    action: observed,
    disposition: [19, 'Alert'],
  },
  rehearsed: {
    status: [99, 'Rehearsed'],
    severity: [1, 'Informational'],
    action: observed,
    disposition: [17, 'Logged'],
  },
  failed: { status: [6, 'Error'], severity: high, action: observed, disposition: [27, 'Error'] },
};

/**
 * Builds an audit record: OCSF 1.8.0, class 7001 Remediation Activity, activity Evict, with the profiles cloud, host
 * and security_control.
 *
 * @param time epoch milliseconds of the event
 */
export function auditRecord(
  report: Report,
  entry: AuditEntry,
  context: AuditContext,
  time: number,
): AuditRecord {
  const facts = entry.kind === 'intent' ? entry.key : entry.outcome;
  const code = entry.kind === 'intent' ? 'intent' : entry.outcome.status;
  if (code === 'ignored') throw new Error('an ignored report has no record');
  const { status, severity, action, disposition } = RATINGS[code];
  const key = { service_user_id: facts.service_user_id, api_key_id: facts.api_key_id };
  return {
    class_uid: 7001,
    class_name: 'Remediation Activity',
    category_uid: 7,
    category_name: 'Remediation',
    activity_id: 2,
    activity_name: 'Evict',
    type_uid: 700102,
    type_name: 'Remediation Activity: Evict',
    time,
    timezone_offset: 0,
    severity_id: severity[0],
    severity: severity[1],
    status_id: status[0],
    status: status[1],
    status_code: code,
    status_detail: detail(entry),
    message: message(code, key),
    command_uid: commandUid(report),
    countermeasures: [D3FEND],
    remediation: {
      desc: 'Revoke the leaked key at its issuer, then prove that it no longer authenticates',
    },
    metadata: {
      version: '1.8.0',
      profiles: ['cloud', 'host', 'security_control'],
      uid: `${report.report_id}#${entry.kind}`,
      correlation_uid: report.report_id,
      log_name: 'audit',
      original_time: new Date(report.reported_at).toISOString(),
      product: { name: PRODUCT, vendor_name: PRODUCT, version: VERSION },
    },
    cloud: {
      provider: 'AWS',
      region: context.region,
      ...(context.account !== undefined && {
        account: { uid: context.account, type_id: 10, type: 'AWS Account' },
      }),
    },
    actor: { app_name: PRODUCT, invoked_by: report.invoked_by },
    api: {
      operation: 'revokeServiceUserApiKey',
      service: { name: 'devin-api', version: 'v3' },
      request: { uid: context.requestId },
    },
    action_id: action[0],
    action: action[1],
    disposition_id: disposition[0],
    disposition: disposition[1],
    is_alert: code === 'escalated' || code === 'still_alive',
    ...(key.api_key_id !== undefined && {
      observables: [
        { name: 'unmapped.api_key_id', type_id: 19, type: 'User Credential ID', value: key.api_key_id },
      ],
    }),
    unmapped: {
      kind: entry.kind,
      detector: report.detector,
      leak: report.leak,
      attempt: context.attempt,
      ...facts,
    },
  };
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

function detail(entry: AuditEntry): string {
  if (entry.kind === 'intent') return 'about to revoke';
  const { outcome } = entry;
  if ('reason' in outcome) return outcome.reason;
  const proof =
    outcome.proof.method === 'token'
      ? `the token answers 401 on probe ${outcome.proof.probes}`
      : 'the key listing shows the key inactive';
  return `${outcome.evidence}; ${proof}`;
}

function message(
  code: string,
  key: { service_user_id: string | undefined; api_key_id: string | undefined },
): string {
  const what = key.api_key_id === undefined ? 'API key' : `API key ${key.api_key_id}`;
  const owner = key.service_user_id === undefined ? '' : ` of ${key.service_user_id}`;
  return `${what}${owner}: ${code.replaceAll('_', ' ')}`;
}

/** The finding that the command answers: the alert where there is one, else the report. */
function commandUid({ leak, report_id }: Report): string {
  return leak.kind === 'github_alert'
    ? `github.com/${leak.owner}/${leak.repo}/secret-scanning/${leak.number}`
    : report_id;
}
