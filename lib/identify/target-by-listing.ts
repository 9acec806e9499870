import type { ApiKey } from '../clients/devin-shapes.ts';
import { type Decided, decided } from '../domain/outcome.ts';
import { chooseKey } from './choose-key.ts';
import { ambiguous } from './escalate-candidates.ts';
import { infer, type OwnedToken } from './infer-key.ts';
import { ownUnknown } from './ownership.ts';
import { believeEntry } from './registry/entry.ts';
import type { FoundTarget } from './target.ts';

/** `open`: the token works, and the listing alone does not show of which key it is. */
export type Listed =
  | FoundTarget
  | { readonly status: 'open'; readonly candidates: readonly ApiKey[] }
  | { readonly status: 'none' }
  | Decided;

/** The key of a token that the registry knows: certain, and it costs no search. `undefined`: it names none. */
export function targetByRegistry(owned: OwnedToken): FoundTarget | Decided | undefined {
  const { registered } = owned;
  if (registered === undefined) return undefined;
  const belief = believeEntry(registered, owned);
  return belief.belief === 'believed'
    ? infer(owned, belief.key, { method: 'registry', confidence: registered.confidence })
    : undefined;
}

/** Finds the key of a live token in the listing alone. @param ended keys whose tokens may still work */
export function targetByListing(owned: OwnedToken, ended: readonly ApiKey[]): Listed {
  const choice = chooseKey(owned.keys, owned, ended);
  switch (choice.choice) {
    case 'none':
      return { status: 'none' };
    case 'key':
      return infer(owned, choice.entry, { method: 'only_active_key', confidence: 'high' });
    case 'ambiguous': {
      const { candidates } = choice;
      if (owned.ownership === 'unknown') return ownUnknown(owned.service_user_id);
      // Each look at the listing would be a use of the token, so that no coin shows.
      return owned.isOnlyAdmin
        ? decided({
            ...ambiguous(owned.service_user_id, candidates),
            reason: `${owned.service_user_id} has ${candidates.length} keys, and the token that leaked is the only one that could tell them apart`,
          })
        : { status: 'open', candidates };
    }
    default:
      return choice satisfies never;
  }
}
