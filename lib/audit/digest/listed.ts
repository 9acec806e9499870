import type { ObjectVersion, VersionListing } from '../../aws/list-versions.ts';
import { pooled } from '../../platform/map-concurrent.ts';
import { notedPath, storedNotes } from '../stored-note.ts';
import type { ShardSource } from './format.ts';

/** One object of the day: where it is in the listing, and all its versions, the newest first. */
export interface Listed {
  /** The listing's key: the object's, or its note's. */
  readonly at: string;
  readonly versions: readonly ObjectVersion[];
}

interface Parts {
  readonly versions: VersionListing;
  /** Epoch milliseconds. */
  readonly deadline: number;
}

/** What belongs to a day, in the order of the listing, after a key of that listing. @throws {ListError} */
export function listed(
  day: string,
  source: ShardSource,
  after: string,
  parts: Parts,
): AsyncGenerator<Listed, void> {
  switch (source) {
    case 'records':
      return byKey(`records/date=${day}/`, after, parts);
    case 'noted':
      return noted(day, after, parts);
    default:
      return source satisfies never;
  }
}

/** Every key under a prefix with its versions, which may be on more than one page. */
async function* byKey(
  prefix: string,
  startAfter: string,
  { deadline, versions }: Parts,
): AsyncGenerator<Listed, void> {
  let current: ObjectVersion[] = [];
  for await (const page of versions.pages({ prefix, startAfter }, deadline)) {
    for (const version of page) {
      const at = current[0]?.key;
      if (at !== undefined && at !== version.key) {
        yield { at, versions: current };
        current = [];
      }
      current.push(version);
    }
  }
  const at = current[0]?.key;
  if (at !== undefined) yield { at, versions: current };
}

/** Notes that are looked up at the same time. */
const NOTES = 32;

/** What the notes of a day name. A note whose object was not stored in the end has no version. */
async function* noted(day: string, after: string, parts: Parts): AsyncGenerator<Listed, void> {
  let waiting: string[] = [];
  async function* flush() {
    const batch = waiting;
    waiting = [];
    yield* await pooled(batch, NOTES, (at) => resolve(at, parts));
  }
  for await (const { at } of byKey(storedNotes(day), after, parts)) {
    waiting.push(at);
    if (waiting.length >= NOTES) yield* flush();
  }
  yield* flush();
}

async function resolve(at: string, parts: Parts): Promise<Listed> {
  const path = notedPath(at);
  for await (const { at: key, versions } of byKey(path, '', parts)) {
    // The listing goes on with keys that merely begin so.
    if (key === path) return { at, versions };
    break;
  }
  return { at, versions: [] };
}
