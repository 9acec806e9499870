import { GitHubAlertRef } from '../../domain/report.ts';
import { containsToken } from '../../domain/token-forms.ts';

/** An open alert as the organisation's listing shows it. */
export interface OpenAlert {
  readonly number: number;
  readonly created_at: string;
  readonly updated_at?: string | null | undefined;
  readonly validity?: string | null | undefined;
  readonly publicly_leaked?: boolean | null | undefined;
  readonly repository: { readonly full_name: string };
}

/** What of an alert decides about it. Times are epoch milliseconds. */
export interface AlertState {
  readonly created: number;
  readonly updated: number;
  readonly public: boolean;
  /** Its issuer confirmed that the secret works. */
  readonly active: boolean;
}

/** @returns `undefined` when it is not an alert as documented, or its repository is named by a token */
export function readOpenAlert(
  alert: OpenAlert,
): { readonly ref: GitHubAlertRef; readonly state: AlertState } | undefined {
  // The name becomes part of a report's id and of the ledger.
  if (containsToken(alert.repository.full_name)) return undefined;
  const [owner, repo, ...more] = alert.repository.full_name.split('/');
  const ref = GitHubAlertRef.safeParse({ owner, repo, number: alert.number });
  const created = Date.parse(alert.created_at);
  const updated = Date.parse(alert.updated_at ?? alert.created_at);
  if (!ref.success || more.length > 0 || Number.isNaN(created + updated)) return undefined;
  const isPublic = alert.publicly_leaked === true;
  return {
    ref: ref.data,
    state: { created, updated, public: isPublic, active: alert.validity === 'active' },
  };
}
