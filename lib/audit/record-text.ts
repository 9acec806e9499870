import type { Outcome } from '../domain/outcome.ts';
import type { Proof } from '../domain/outcome-facts.ts';
import type { Report } from '../domain/report.ts';
import type { AuditEntry } from './audit-entry.ts';
import type { Code } from './ocsf-codes.ts';

/** The text of `status_detail`: why a record is rated as it is. */
export function detail(entry: AuditEntry): string {
  switch (entry.kind) {
    case 'intent':
      return entry.deleteSentAt === undefined ? 'about to revoke' : 'the DELETE is sent';
    case 'alert':
      return entry.outcome.alert.reason ?? 'resolved as revoked';
    case 'attempt':
    case 'rehearsal':
    case 'outcome':
      return endingDetail(entry.outcome);
    default:
      return entry satisfies never;
  }
}

function endingDetail(outcome: Outcome): string {
  switch (outcome.status) {
    case 'revoked':
      return `${outcome.evidence}; ${proofText(outcome.proof)}`;
    case 'already_revoked': {
      const reason = outcome.reason === undefined ? '' : `; ${outcome.reason}`;
      return `${outcome.evidence}; ${proofText(outcome.proof)}${reason}`;
    }
    case 'not_found':
    case 'still_alive':
    case 'escalated':
    case 'rehearsed':
    case 'ignored':
    case 'failed':
      return outcome.reason;
    default:
      return outcome satisfies never;
  }
}

function proofText({ method, probes, spread_ms }: Proof): string {
  const row = spread_ms === undefined ? '' : ` in a row over ${spread_ms} ms`;
  switch (method) {
    case 'token':
      return `the token is answered 401${row}, ${probes} probes in all`;
    case 'listing':
      return 'the key listing shows the key inactive';
    default:
      return method satisfies never;
  }
}

/** The text of `message`: the key, and what became of it. */
export function message(
  code: Code,
  key: { service_user_id?: string | undefined; api_key_id?: string | undefined },
): string {
  const what = key.api_key_id === undefined ? 'API key' : `API key ${key.api_key_id}`;
  const owner = key.service_user_id === undefined ? '' : ` of ${key.service_user_id}`;
  return `${what}${owner}: ${code.replaceAll('_', ' ')}`;
}

/** The finding that the command answers: the alert where there is one, else the report. */
export function commandUid({ leak, report_id }: Report): string {
  return leak.kind === 'github_alert'
    ? `github.com/${leak.owner}/${leak.repo}/secret-scanning/${leak.number}`
    : report_id;
}
