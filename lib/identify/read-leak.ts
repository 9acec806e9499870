import type { GitHub } from '../clients/github.ts';
import type { Key } from '../domain/key.ts';
import { type Decided, decided } from '../domain/outcome.ts';
import type { GitHubAlertRef, Report } from '../domain/report.ts';
import { devinToken, type Token } from '../domain/token.ts';
import type { RetryOptions } from '../platform/retry.ts';

/** The scanner's alert as it was read. */
export interface LeakAlert {
  readonly ref: GitHubAlertRef;
  readonly open: boolean;
  /** Epoch milliseconds. */
  readonly created_at?: number;
}

/** What is known of the leak before Devin is asked. */
export type Leak = { readonly alert?: LeakAlert } & (
  | { readonly kind: 'key'; readonly key: Key; readonly token?: Token }
  | { readonly kind: 'token'; readonly token: Token }
);

/** `read`: it concerns a Devin key; otherwise the report ends here. */
export type ReadLeak = { readonly status: 'read'; readonly leak: Leak } | Decided;

/** Reads the leak out of a report; a GitHub alert's secret is fetched from GitHub, since no payload holds it. */
export async function readLeak(
  report: Report,
  github: GitHub | undefined,
  retry: RetryOptions,
): Promise<ReadLeak> {
  const { leak, token } = report;
  switch (leak.kind) {
    case 'key': {
      const key = { service_user_id: leak.service_user_id, api_key_id: leak.api_key_id };
      return { status: 'read', leak: { kind: 'key', key, ...(token && { token }) } };
    }
    case 'token':
      return leakOf(token);
    case 'github_alert': {
      if (github === undefined) {
        return decided({ status: 'failed', retryable: false, reason: 'GITHUB_TOKEN_SECRET_ID is not set' });
      }
      const ref = { owner: leak.owner, repo: leak.repo, number: leak.number };
      const answer = await github.getAlert(ref, retry);
      if (!answer.ok)
        return decided({ status: 'failed', reason: answer.reason, retryable: answer.retryable });
      const { created_at, secret, state } = answer.alert;
      return leakOf(secret, {
        ref,
        open: state === 'open',
        ...(created_at !== undefined && { created_at }),
      });
    }
    default:
      return leak satisfies never;
  }
}

function leakOf(secret: Token | undefined, alert?: LeakAlert): ReadLeak {
  const token = secret && devinToken(secret.reveal());
  return token === undefined
    ? decided({ status: 'ignored', reason: 'the secret is not a Devin token: it does not start with cog_' })
    : { status: 'read', leak: { kind: 'token', token, ...(alert && { alert }) } };
}
