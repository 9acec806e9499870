import * as z from 'zod/mini';
import type { ApiKey } from '../../clients/devin-shapes.ts';
import { Key } from '../../domain/key.ts';
import { Confidence } from '../../domain/outcome-facts.ts';
import { ReportId } from '../../domain/report.ts';

/** Which key a token is of. It holds ids, and never a token or a part of one. */
export const RegistryEntry = z.object({
  version: z.literal(1),
  ...Key.shape,
  confidence: Confidence,
  /**
   * Where it comes from. `leak`: a report, whose token died with its key. `made`: a key that this software made.
   * `enrolled`: a token that its owner enrolled. `own`: an admin token of this software.
   */
  source: z.enum(['leak', 'made', 'enrolled', 'own']),
  /**
   * How the key was found. `created`: the API's answer held token and id. `only_active_key`: the listing of its service
   * user showed no other. `experiment`: see `experiment`. `revocation`: the token died when the key was revoked.
   */
  method: z.enum(['created', 'only_active_key', 'experiment', 'revocation']),
  /** Epoch milliseconds. */
  noted_at: z.optional(z.int()),
  /** The report of a leak. */
  report_id: z.optional(ReportId),
  /** ISO 8601: when this software first used the leaked token, and when its key was last used before. */
  used_by_us_at: z.optional(z.string()),
  last_used_at: z.optional(z.string()),
  /** The leaked token was one of this software. */
  own_key: z.optional(z.literal(true)),
  /** The most that the probability of a wrong key was allowed to be, and the evidence, as decimal logarithms. */
  experiment: z.optional(
    z.object({ alpha: z.number(), log10: z.number(), bound_log10: z.number(), slots: z.int() }),
  ),
});
export type RegistryEntry = z.infer<typeof RegistryEntry>;

/** The keys of one service user, all of them. */
export interface CompleteListing {
  readonly service_user_id: string;
  readonly keys: readonly ApiKey[];
}

/** Whether an entry may name the key of a live token, and with it, what the listing shows of the key. */
export type Belief =
  | { readonly belief: 'believed'; readonly key: ApiKey }
  | { readonly belief: 'refused'; readonly reason: string };

/**
 * An entry is believed only when a complete listing still shows its key active, under the very service user that the
 * token belongs to, and when its evidence was strong: what a death by elimination left behind names no key.
 */
export function believeEntry(entry: RegistryEntry, listing: CompleteListing): Belief {
  if (entry.service_user_id !== listing.service_user_id) {
    return { belief: 'refused', reason: 'the registry names a key of another service user' };
  }
  const [key, ...more] = listing.keys.filter(({ api_key_id }) => api_key_id === entry.api_key_id);
  if (key === undefined) return { belief: 'refused', reason: 'the listing does not show the registered key' };
  if (more.length > 0) return { belief: 'refused', reason: 'the listing shows the registered key twice' };
  if (!key.is_active) return { belief: 'refused', reason: 'the registered key is not active' };
  if (entry.confidence === 'medium') {
    return { belief: 'refused', reason: 'the registry is not sure enough of the key' };
  }
  return { belief: 'believed', key };
}

/**
 * Whether an entry takes the place of the one that stands. Stronger evidence does; a leak does as well, since the token
 * died with its key. Of two that are as strong, the first stands.
 *
 * @param isStale a complete listing contradicts the standing entry, while its token works
 */
export function supersedes(next: RegistryEntry, standing: RegistryEntry, isStale = false): boolean {
  if (isStale) return true;
  const gain = STRENGTH[next.confidence] - STRENGTH[standing.confidence];
  const isDeath = next.source === 'leak' && standing.source !== 'leak';
  return gain > 0 || (gain === 0 && isDeath);
}

const STRENGTH = { medium: 0, high: 1, certain: 2 } as const;
