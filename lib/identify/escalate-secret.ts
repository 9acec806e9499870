import type { LegacyOwner } from '../domain/find-tokens.ts';
import type { OutcomeDraft } from '../domain/outcome.ts';
import type { Token } from '../domain/token.ts';

/** What a person has to know of an alert that no token can be read from. */
export function withoutToken(secret: Token | undefined): OutcomeDraft {
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
