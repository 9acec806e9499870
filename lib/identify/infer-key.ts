import type { ApiKey } from '../clients/devin-shapes.ts';
import { type Decided, decided } from '../domain/outcome.ts';
import type { Attribution } from '../domain/outcome-facts.ts';
import type { Token } from '../domain/token.ts';
import type { Sighting } from './choose-key.ts';
import { ownSibling, type Ranked } from './escalate-candidates.ts';
import { type Ownership, ownUnknown } from './ownership.ts';
import type { RegistryEntry } from './registry/entry.ts';
import type { FoundTarget } from './target.ts';

/** A live token of a service user, and the complete listing of that user's keys. */
export interface OwnedToken extends Sighting {
  readonly service_user_id: string;
  readonly token: Token;
  readonly keys: readonly ApiKey[];
  /** The admin calls are made with this very token, so that they use it as well. */
  readonly isOnlyAdmin: boolean;
  readonly ownership: Ownership;
  /** What the registry says of the token. */
  readonly registered?: RegistryEntry | undefined;
}

/** Names a key on inference, unless a guard stands before it. */
export function infer(
  owned: OwnedToken,
  entry: ApiKey,
  attribution: Attribution,
  ranked: readonly Ranked[] = [entry],
): FoundTarget | Decided {
  const { ownership, service_user_id, token, use } = owned;
  const key = { service_user_id, api_key_id: entry.api_key_id };
  switch (ownership) {
    case 'unknown':
      return ownUnknown(service_user_id);
    case 'sibling':
      return decided({ ...ownSibling(service_user_id, ranked), attribution });
    case 'ours':
    case 'other':
      break;
    default:
      return ownership satisfies never;
  }
  if (!entry.is_active) {
    const reason = 'the token is of a key that ended, and it still works';
    return decided({ status: 'still_alive', ...key, attribution, reason, retryable: true });
  }
  const target = { kind: 'key', key, entry, token, firstUse: use.apiSecond, attribution } as const;
  return { status: 'found', target };
}
