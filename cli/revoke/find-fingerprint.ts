import type { ReplaceableObjects } from '../../lib/aws/replaceable-objects.ts';
import { RegistryEntry } from '../../lib/identify/registry/entry.ts';
import { FORMER_NOTES, FormerNote, REGISTRY } from '../../lib/identify/registry/registry.ts';
import { parseJson } from '../../lib/platform/parse-json.ts';
import type { RetryOptions } from '../../lib/platform/retry.ts';

/** What the registry knows of a fingerprint. */
export type Noted =
  | { readonly status: 'found'; readonly entry: RegistryEntry }
  | { readonly status: 'unknown' }
  | { readonly status: 'unreadable'; readonly reason: string };

/** Looks a token up by its fingerprint, also in what earlier versions noted. @param fingerprint 64 hex digits */
export async function findFingerprint(
  objects: Pick<ReplaceableObjects, 'get'>,
  fingerprint: string,
  retry: RetryOptions,
): Promise<Noted> {
  for (const [prefix, schema] of [
    [REGISTRY, RegistryEntry],
    [FORMER_NOTES, FormerNote],
  ] as const) {
    const answer = await objects.get(`${prefix}${fingerprint}.json`, retry);
    if (!answer.ok) return { status: 'unreadable', reason: answer.reason };
    if (answer.found === undefined) continue;
    const entry = parseJson(answer.found.text, schema);
    return entry === undefined
      ? { status: 'unreadable', reason: 'it is no entry of a registry' }
      : { status: 'found', entry };
  }
  return { status: 'unknown' };
}
