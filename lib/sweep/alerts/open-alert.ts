import type { GitHubAlertRef } from '../../domain/report.ts';
import { alertRef } from '../../intake/github-webhook.ts';

/** An open alert as the organisation's listing shows it. */
export interface OpenAlert {
  readonly number: number;
  readonly created_at: string;
  readonly updated_at?: string | null | undefined;
  readonly validity?: string | null | undefined;
  readonly publicly_leaked?: boolean | null | undefined;
  readonly repository: { readonly full_name: string; readonly id?: number | undefined };
}

/** What of an alert decides about it. Times are epoch milliseconds. */
export interface AlertState {
  readonly created: number;
  readonly updated: number;
  readonly public: boolean;
  /** Its issuer confirmed that the secret works. */
  readonly active: boolean;
}

/** @returns `undefined` when it is not an alert as documented */
export function readOpenAlert(
  alert: OpenAlert,
): { readonly ref: GitHubAlertRef; readonly state: AlertState } | undefined {
  const ref = alertRef(alert.repository, alert.number);
  const created = Date.parse(alert.created_at);
  const updated = Date.parse(alert.updated_at ?? alert.created_at);
  if (ref === undefined || Number.isNaN(created + updated)) return undefined;
  const isPublic = alert.publicly_leaked === true;
  return { ref, state: { created, updated, public: isPublic, active: alert.validity === 'active' } };
}

/** Its name in the ledger, in which no repository's name is that looks like a token. */
export function ledgerName(org: string, alert: OpenAlert): string | undefined {
  const ref = alertRef(alert.repository, alert.number);
  return ref && `${org}/${ref.repo}/${ref.number}`;
}
