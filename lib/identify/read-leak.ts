import type { GitHub } from '../clients/github.ts';
import { findTokens, type LegacyOwner } from '../domain/find-tokens.ts';
import type { Key } from '../domain/key.ts';
import { type Decided, decided } from '../domain/outcome.ts';
import type { GitHubAlertRef, Report } from '../domain/report.ts';
import type { Token } from '../domain/token.ts';
import type { RetryOptions } from '../platform/retry.ts';

/** The scanner's alert as it was read. */
export interface LeakAlert {
  readonly ref: GitHubAlertRef;
  readonly open: boolean;
  /** Epoch milliseconds. */
  readonly created_at?: number;
  /** `owner/repo`, when the repository was renamed since the report. */
  readonly moved_to?: string;
}

/** What is known of the leak before Devin is asked. */
export type Leak = { readonly alert?: LeakAlert } & (
  | { readonly kind: 'key'; readonly key: Key; readonly token?: Token }
  | {
      readonly kind: 'tokens';
      readonly tokens: readonly [Token, ...Token[]];
      /** What a person has to know of the legacy keys beside them. */
      readonly legacy?: Decided;
    }
);

/** `read`: it concerns a Devin key; otherwise the report ends here. */
export type ReadLeak =
  | { readonly status: 'read'; readonly leak: Leak }
  | (Decided & { readonly alert?: LeakAlert });

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
      return (
        (await leakOf(token)) ?? decided({ status: 'ignored', reason: 'the secret holds no Devin token' })
      );
    case 'github_alert': {
      const { kind: _kind, ...ref } = leak;
      return readAlert(ref, github, retry);
    }
    default:
      return leak satisfies never;
  }
}

async function readAlert(
  ref: GitHubAlertRef,
  github: GitHub | undefined,
  retry: RetryOptions,
): Promise<ReadLeak> {
  if (github === undefined) {
    return decided({ status: 'failed', retryable: false, reason: 'GITHUB_TOKEN_SECRET_ID is not set' });
  }
  const answer = await github.getAlert(ref, retry);
  if (!answer.ok) {
    const { reason, retryable, retryAt } = answer;
    return decided({
      status: 'failed',
      reason,
      retryable,
      ...(retryAt !== undefined && { retry_at: retryAt }),
    });
  }
  const { created_at, movedTo, secret, state } = answer.alert;
  const alert = {
    ref,
    open: state === 'open',
    ...(created_at !== undefined && { created_at }),
    ...(movedTo && { moved_to: `${movedTo.owner}/${movedTo.repo}` }),
  };
  const read = await leakOf(secret, alert);
  if (read !== undefined) return read;
  if (!alert.open) return decided({ status: 'ignored', reason: 'the alert is resolved already' });
  const { withoutToken } = await import('./escalate-secret.ts');
  return { ...decided(withoutToken(secret)), alert };
}

/** @returns `undefined` when the secret holds no Devin key of any kind */
async function leakOf(secret: Token | undefined, alert?: LeakAlert): Promise<ReadLeak | undefined> {
  const found = findTokens(secret?.reveal() ?? '');
  switch (found.kind) {
    case 'tokens': {
      const { legacy, tokens } = found;
      const escalated = await escalatedLegacy(legacy);
      const leak = { kind: 'tokens', tokens, ...(escalated && { legacy: escalated }) } as const;
      return { status: 'read', leak: { ...leak, ...(alert && { alert }) } };
    }
    case 'legacy': {
      const escalated = alert?.open === false ? undefined : await escalatedLegacy(found.owners);
      return escalated && { ...escalated, ...(alert && { alert }) };
    }
    case 'none':
      return undefined;
    default:
      return found satisfies never;
  }
}

async function escalatedLegacy([first, ...others]: readonly LegacyOwner[]): Promise<Decided | undefined> {
  if (first === undefined) return undefined;
  const { ofLegacyKeys } = await import('./escalate-secret.ts');
  return decided(ofLegacyKeys([first, ...others]));
}
