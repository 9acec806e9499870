import type { ListObjects } from '../../lib/aws/list-objects.ts';
import type { ReplaceableObjects } from '../../lib/aws/replaceable-objects.ts';
import { RegistryEntry } from '../../lib/identify/registry/entry.ts';
import { FORMER_NOTES, FormerNote, REGISTRY } from '../../lib/identify/registry/registry.ts';
import { pooled } from '../../lib/platform/map-concurrent.ts';
import { parseJson } from '../../lib/platform/parse-json.ts';
import { table } from './table.ts';

/** An entry of the registry, and since when it stands. */
export interface Listed {
  readonly entry: RegistryEntry;
  /** Epoch milliseconds. */
  readonly since: number;
}

/** Reads the whole registry, and how many objects of it are not readable. @throws {ListError} */
export async function readRegistry(
  list: ListObjects,
  objects: ReplaceableObjects,
  deadline: number,
): Promise<{ readonly listed: readonly Listed[]; readonly unreadable: number }> {
  const retry = { deadline };
  const stored = (await Promise.all([REGISTRY, FORMER_NOTES].map((prefix) => list(prefix, retry)))).flat();
  const read = await pooled(stored, 16, async ({ key, storedAt }): Promise<Listed | undefined> => {
    const answer = await objects.get(key, retry);
    if (!answer.ok || answer.found === undefined) return undefined;
    const schema = key.startsWith(REGISTRY) ? RegistryEntry : FormerNote;
    const entry = parseJson(answer.found.text, schema);
    return entry && { entry, since: entry.noted_at ?? storedAt };
  });
  const listed = read.filter((one) => one !== undefined).sort(byOwner);
  return { listed, unreadable: read.length - listed.length };
}

function byOwner(one: Listed, other: Listed): number {
  const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
  return (
    order(one.entry.service_user_id, other.entry.service_user_id) ||
    order(one.entry.api_key_id, other.entry.api_key_id)
  );
}

/** @param now epoch milliseconds */
export function printRegistry(listed: readonly Listed[], now: number): string {
  return table(
    ['SERVICE USER', 'KEY', 'CONFIDENCE', 'SOURCE', 'FOUND BY', 'AGE'],
    listed.map(({ entry, since }) => [
      entry.service_user_id,
      entry.api_key_id,
      entry.confidence,
      entry.source,
      entry.method.replaceAll('_', ' '),
      age(now - since),
    ]),
  );
}

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
] as const;

/** In the largest unit that fits. */
function age(ms: number): string {
  const unit = UNITS.find(([, length]) => ms >= length);
  return unit === undefined ? 'now' : `${Math.floor(ms / unit[1])} ${unit[0]}`;
}
