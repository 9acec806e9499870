import type { History } from '../audit/history.ts';
import type { ApiKey } from '../clients/devin-shapes.ts';
import type { OutcomeDraft } from '../domain/outcome.ts';
import type { Collateral } from '../domain/outcome-facts.ts';

/** The rotate call refuses a key that is not active (HTTP 400), so that its owner needs the call that makes one. */
export function collateralOf(
  serviceUserId: string,
  { api_key_id, api_key_name }: Pick<ApiKey, 'api_key_id' | 'api_key_name'>,
): Collateral {
  const body = JSON.stringify({ name: api_key_name || api_key_id });
  return {
    api_key_id,
    api_key_name,
    replace_with: `POST /v3beta1/enterprise/service-users/${serviceUserId}/api-keys ${body}`,
  };
}

/**
 * Adds to an outcome what earlier deliveries of the report did: the keys that they revoked and that it does not name as
 * the leaked one, so that whoever reads it learns of all keys that the report cost; and that the key is our own.
 */
export function withHistory(draft: OutcomeDraft, history: History): OutcomeDraft {
  const revoked = history.deletions.filter(({ answer }) => answer === 'revoked');
  const all = [
    ...(draft.collateral ?? []),
    ...history.collateral,
    ...revoked.map(({ api_key_id, service_user_id }) =>
      collateralOf(service_user_id, { api_key_id, api_key_name: '' }),
    ),
  ];
  const others = new Map<string, Collateral>();
  for (const key of all) {
    if (key.api_key_id !== draft.api_key_id && !others.has(key.api_key_id)) others.set(key.api_key_id, key);
  }
  return {
    ...draft,
    ...(others.size > 0 && { collateral: [...others.values()] }),
    ...(history.own_key && { own_key: true }),
  };
}
