import * as z from 'zod/mini';

/** How the search for a key ended, as it is shared with the other reports of its token. It never holds a token. */
export const SearchResult = z.object({
  /**
   * `found`: one key's evidence reached the bound. `open`: none did. `died`: the token was answered 401 meanwhile.
   * `stopped`: another search of the token came between.
   */
  ended: z.enum(['found', 'open', 'died', 'stopped']),
  /** With `found` alone. */
  api_key_id: z.optional(z.string()),
  /** The decimal logarithm of the e-value of each key, the most likely key first. */
  likelihoods: z.array(z.object({ api_key_id: z.string(), log10: z.number() })),
  /** A key is named when its logarithm reaches it. */
  bound_log10: z.number(),
  /** The most that the probability of a wrong key was allowed to be. */
  error: z.number(),
  /** Coins that were tossed. */
  slots: z.int(),
  /** How often the token was used. */
  uses: z.int(),
});
export type SearchResult = z.infer<typeof SearchResult>;
