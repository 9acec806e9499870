import type { GitHub } from '../clients/github.ts';
import type { Key } from '../domain/key.ts';
import type { OutcomeDraft } from '../domain/outcome.ts';
import type { GitHubAlertRef, Report } from '../domain/report.ts';
import { devinToken, type Token } from '../domain/token.ts';
import type { RetryOptions } from '../platform/retry.ts';

/** What is known of the leak before Devin is asked. */
export interface Leak {
  readonly key?: Key;
  readonly token?: Token;
  readonly alert?: { readonly ref: GitHubAlertRef; readonly open: boolean; readonly created_at?: number };
}

/** Reads the leak out of a report; a GitHub alert's secret is fetched from GitHub, since no payload holds it. */
export async function readLeak(
  report: Report,
  github: GitHub | undefined,
  retry: RetryOptions,
): Promise<Leak | OutcomeDraft> {
  const { leak, token } = report;
  switch (leak.kind) {
    case 'key':
      return {
        key: { service_user_id: leak.service_user_id, api_key_id: leak.api_key_id },
        ...(token && { token }),
      };
    case 'token':
      return checkToken(token);
    case 'github_alert': {
      if (github === undefined) {
        return { status: 'failed', retryable: false, reason: 'GITHUB_TOKEN_SECRET_ID is not set' };
      }
      const ref = { owner: leak.owner, repo: leak.repo, number: leak.number };
      const answer = await github.getAlert(ref, retry);
      if (!answer.ok) return { status: 'failed', reason: answer.reason, retryable: answer.retryable };
      const { created_at, secret, state } = answer.alert;
      const found = checkToken(secret);
      if ('status' in found) return found;
      return {
        ...found,
        alert: { ref, open: state === 'open', ...(created_at !== undefined && { created_at }) },
      };
    }
    default:
      return leak satisfies never;
  }
}

function checkToken(text: Token | undefined): Leak | OutcomeDraft {
  const token = text && devinToken(text.reveal());
  return token === undefined
    ? { status: 'ignored', reason: 'the secret is not a Devin token: it does not start with cog_' }
    : { token };
}
