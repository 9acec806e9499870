import * as z from 'zod/mini';
import type { FoundObject, ReplaceableObjects } from '../../aws/replaceable-objects.ts';
import { Key } from '../../domain/key.ts';
import { Confidence } from '../../domain/outcome-facts.ts';
import { ReportId } from '../../domain/report.ts';
import type { Token } from '../../domain/token.ts';
import { log } from '../../platform/log.ts';
import { parseJson } from '../../platform/parse-json.ts';
import { RegistryEntry, supersedes } from './entry.ts';

/** The prefix of all entries, one object for each token. */
export const REGISTRY = 'registry/';
/** Where earlier versions of this software noted which key a leaked token was of. */
export const FORMER_NOTES = 'tokens/';

/** Which token is of which key, by the token's fingerprint. */
export interface Registry {
  /** One request. @returns `undefined` when there is no entry, or it cannot be read */
  find(token: Token): Promise<RegistryEntry | undefined>;
  /** The same for a token that is dead: what earlier versions noted is read as well, if there is no entry. */
  recall(token: Token): Promise<RegistryEntry | undefined>;
  /**
   * Stores an entry unless a better one stands (`supersedes`).
   *
   * @param options.isStale whether an entry that stands is contradicted by a complete listing
   */
  note(
    token: Token,
    entry: RegistryEntry,
    options?: { isStale?: (standing: RegistryEntry) => boolean },
  ): Promise<'stored' | 'kept' | 'failed'>;
}

/** How often a put is tried again when another one came first. */
const ROUNDS = 4;

/**
 * The registry in the audit bucket. An entry is replaced by a conditional put, so that the worker finds it by one GET.
 *
 * @param options.deadline epoch milliseconds; no call takes longer than three seconds
 */
export function tokenRegistry(objects: ReplaceableObjects, { deadline }: { deadline: number }): Registry {
  const brief = () => ({ deadline: Math.min(deadline, Date.now() + 3_000), attempts: 3, timeoutMs: 1_500 });

  /** What was read last of each object: a note after a look needs no look of its own. What is outdated meets a conflict. */
  const seen = new Map<string, FoundObject>();

  async function get(path: string): ReturnType<ReplaceableObjects['get']> {
    const answer = await objects.get(path, brief());
    if (answer.ok && answer.found) seen.set(path, answer.found);
    else seen.delete(path);
    return answer;
  }

  async function read<T>(path: string, schema: z.ZodMiniType<T>): Promise<T | undefined> {
    const answer = await get(path);
    if (!answer.ok) log('warn', 'the registry cannot be read', { reason: answer.reason });
    return answer.ok && answer.found ? parseJson(answer.found.text, schema) : undefined;
  }

  const find = (token: Token) => read(entryPath(token), RegistryEntry);

  return {
    find,

    async recall(token) {
      return (await find(token)) ?? (await read(`${FORMER_NOTES}${token.fingerprint()}.json`, FormerNote));
    },

    async note(token, entry, { isStale = () => false } = {}) {
      const path = entryPath(token);
      const better = (found: FoundObject | undefined): boolean => {
        const standing = found && parseJson(found.text, RegistryEntry);
        return standing === undefined || supersedes(entry, standing, isStale(standing));
      };
      let found = seen.get(path);
      for (let round = 1; round <= ROUNDS; round++) {
        // An object that is not readable is replaced.
        if (better(found)) {
          const { result } = await objects.put(path, z.parse(RegistryEntry, entry), found?.etag, brief());
          if (result !== 'conflict') return result;
        } else if (round > 1) return 'kept';
        const answer = await get(path);
        if (!answer.ok) return 'failed';
        found = answer.found;
      }
      return 'failed';
    },
  };
}

/** Nothing of the token can be found from the name. */
function entryPath(token: Token): string {
  return `${REGISTRY}${token.fingerprint()}.json`;
}

/** A note of an earlier version, as the entry that it would be now. */
export const FormerNote = z.pipe(
  z.object({ ...Key.shape, confidence: Confidence, report_id: ReportId }),
  z.transform((note): RegistryEntry => ({ version: 1, ...note, source: 'leak', method: 'revocation' })),
);
