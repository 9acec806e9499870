import type { GitHub } from '../clients/github.ts';
import { findTokens, type LegacyOwner } from '../domain/find-tokens.ts';
import type { Key } from '../domain/key.ts';
import { type Decided, decided, type OutcomeDraft } from '../domain/outcome.ts';
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
      /** Of the legacy keys beside them. */
      readonly legacy: readonly LegacyOwner[];
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
      return leakOf(token) ?? decided({ status: 'ignored', reason: 'the secret holds no Devin token' });
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
  const read = leakOf(secret, alert);
  if (read !== undefined) return read;
  return alert.open
    ? { ...decided(withoutToken(secret)), alert }
    : decided({ status: 'ignored', reason: 'the alert is resolved already' });
}

/** @returns `undefined` when the secret holds no Devin key of any kind */
function leakOf(secret: Token | undefined, alert?: LeakAlert): ReadLeak | undefined {
  const found = findTokens(secret?.reveal() ?? '');
  switch (found.kind) {
    case 'tokens': {
      const { legacy, tokens } = found;
      return { status: 'read', leak: { kind: 'tokens', tokens, legacy, ...(alert && { alert }) } };
    }
    case 'legacy': {
      if (alert?.open === false) return undefined;
      return { ...decided(ofLegacyKeys(found.owners)), ...(alert && { alert }) };
    }
    case 'none':
      return undefined;
    default:
      return found satisfies never;
  }
}

function withoutToken(secret: Token | undefined): OutcomeDraft {
  return {
    status: 'escalated',
    reason:
      secret === undefined
        ? 'GitHub shows the alert without its secret'
        : 'the secret of the alert holds no Devin token (cog_…) and no legacy key (apk_…)',
    next_step:
      'look at the alert: revoke what leaked, or correct the custom pattern or GITHUB_SECRET_TYPES if it is no Devin key, then resolve the alert',
  };
}

/** What a person has to know of legacy keys, which the API v3 neither tells apart nor revokes. */
export function ofLegacyKeys(owners: readonly [LegacyOwner, ...LegacyOwner[]]): OutcomeDraft {
  const [{ org_id, user_id }] = owners;
  const names = owners.map(nameOf).join(', ');
  return {
    status: 'escalated',
    ...(user_id !== undefined && { user: { user_id } }),
    ...(org_id !== undefined && { org_id }),
    reason: `the secret is a legacy key (apk_…) of ${names}, which only the API v2 revokes`,
    next_step:
      "revoke it in the Devin settings, or with an enterprise admin's own key: DELETE /v2/enterprise/api-keys/{id}. The same call without an id revokes all keys. The alert stays open",
  };
}

function nameOf({ org_id, user_id }: LegacyOwner): string {
  const names = [user_id && `user ${user_id}`, org_id && `organisation ${org_id}`].filter(Boolean);
  return names.length === 0 ? 'an owner that it does not name' : names.join(' in ');
}
