import { chooseKey, endedRecently } from '../identify/choose-key.ts';
import type { Use } from '../identify/probe-token.ts';
import { believeEntry, type CompleteListing, type RegistryEntry } from '../identify/registry/entry.ts';

/** What is to be done with a live token, as far as its service user's listing shows. */
export type EnrolmentDecision =
  | { readonly decision: 'known'; readonly entry: RegistryEntry }
  | { readonly decision: 'name'; readonly api_key_id: string }
  | { readonly decision: 'experiment'; readonly candidates: readonly string[] }
  | { readonly decision: 'wait' | 'contradiction'; readonly reason: string };

/** Milliseconds for which the token of a key that ended may still work. Enrolment is in no hurry. */
const LINGERING_MS = 10 * 60_000;

/**
 * Decides how the key of a live token is found. The only active key is the one, unless another one ended so lately that its
 * token may still work.
 *
 * @param use the use of the token that showed that it works, before the listing was read
 * @param standing the entry of the registry, if there is one
 */
export function decideEnrolment(
  listing: CompleteListing,
  standing: RegistryEntry | undefined,
  use: Use,
): EnrolmentDecision {
  if (standing !== undefined && believeEntry(standing, listing).belief === 'believed') {
    return { decision: 'known', entry: standing };
  }
  if (endedRecently(listing.keys, use.sent, LINGERING_MS).length > 0) {
    return { decision: 'wait', reason: 'a key of the service user ended a moment ago, and may be the one' };
  }
  const choice = chooseKey(listing.keys, { use, seenAt: use.answered });
  switch (choice.choice) {
    case 'none':
      return { decision: 'contradiction', reason: 'the token works, yet the listing shows no active key' };
    case 'key':
      return { decision: 'name', api_key_id: choice.entry.api_key_id };
    case 'ambiguous':
      return { decision: 'experiment', candidates: choice.candidates.map(({ api_key_id }) => api_key_id) };
    default:
      return choice satisfies never;
  }
}
