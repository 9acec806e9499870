import { nextDay } from '../../../lib/audit/digest/days.ts';
import {
  DIGESTS,
  type Digest,
  digestKey,
  type Entry,
  type Head,
  headOf,
  readDigest,
  readShard,
  sha256,
} from '../../../lib/audit/digest/format.ts';
import { concurrently } from '../log/concurrently.ts';
import type { Source, SourceVersion } from '../log/source.ts';
import { broken, type Finding } from './finding.ts';
import { groupByKey } from './join.ts';
import { type Root, type RootRules, rootFindings } from './root-findings.ts';
import { gapFindings, type Leaf, type Reach, shardFindings } from './shard-findings.ts';

/** An entry, and the day whose digest lists it. */
export interface Listed extends Entry {
  readonly day: string;
}

/** The digests, as far as they are needed to check the files. */
export interface Chain {
  readonly findings: readonly Finding[];
  readonly digests: number;
  readonly head: Head | undefined;
  /** How many files they list. */
  readonly listed: number;
  /** Whether the digests say all about what was stored on a day: it has one, and all of its shards are whole. */
  covers(day: string): boolean;
  /** Shards that list the records of their own day, in order. */
  readonly shards: readonly ListingShard[];
  /** Shards that list what was stored elsewhere; those of one day are in order. */
  readonly noted: readonly ListingShard[];
}

/** A whole shard. `from` and `through`: the keys of the listing after which it starts and with which it ends. */
export interface ListingShard {
  readonly key: string;
  readonly day: string;
  readonly from: string;
  readonly through: string;
}

export interface ChainRules extends RootRules {
  readonly heads: readonly Head[];
  /** The last day that must have a digest, if anything was stored by then. */
  readonly until: string;
}

/** Shards that are read at the same time; each has up to 4 MiB. */
const WIDTH = 2;

/** Reads every digest and every shard, and checks them. No entries are kept. */
export async function readChain(source: Source, rules: ChainRules): Promise<Chain> {
  const findings: Finding[] = [];
  const shards: ListingShard[] = [];
  const noted: ListingShard[] = [];
  const heads = new Map<string, Head>();
  const incomplete = new Set<string>();
  const days = await listDigests(source, findings);
  let before: Root | undefined;
  let isBegun = false;
  let listed = 0;
  for (const [day, keys] of days) {
    const root = await readRoot(source, day, keys, findings);
    if (root === undefined) continue;
    findings.push(...rootFindings(root, before, rules));
    isBegun ||= root.file.digest.previous === null;
    heads.set(day, headOf(day, root.bytes));
    before = root;
    const leaves = readLeaves(source, root.file.digest, keys, findings);
    let read = 0;
    for (const { entries } of root.file.digest.shards) listed += entries;
    for await (const { key, reach } of leaves) {
      read += 1;
      const { after: from, source: listing, through } = reach;
      (listing === 'records' ? shards : noted).push({ key, day, from, through });
    }
    if (read < root.file.digest.shards.length) incomplete.add(day);
  }
  const last = before?.file.digest.day;
  findings.push(...danglingFindings(days, last), ...headFindings(rules.heads, heads));
  if (last !== undefined && last < rules.until) findings.push(cutOff(nextDay(last), rules.until));
  const [first = ''] = heads.keys();
  return {
    findings,
    digests: heads.size,
    listed,
    head: last === undefined ? undefined : heads.get(last),
    // What is older than the first digest of all is in that one.
    covers: (day) => (heads.has(day) && !incomplete.has(day)) || (isBegun && day < first),
    shards,
    noted,
  };
}

/** A finding for digests that end too early. */
export function cutOff(first: string, until: string): Finding {
  const days = first === until ? first : `${first} to ${until}`;
  return broken(digestKey(first), `is missing: there is no digest of ${days}`);
}

const DIGEST_PATH = /^digests\/date=(\d{4}-\d{2}-\d{2})\/(?:digest|shard-\d{6})\.jsonl$/;

/** The keys of each day's digest, days in order. */
async function listDigests(source: Source, findings: Finding[]): Promise<Map<string, Set<string>>> {
  const days = new Map<string, Set<string>>();
  for await (const { items, key } of groupByKey<SourceVersion>(source.versions(DIGESTS))) {
    if (items.length > 1 || items[0]?.isDeleteMarker)
      findings.push(broken(key, 'is replaced or deleted: it has more than one version'));
    const day = DIGEST_PATH.exec(key)?.[1];
    if (day === undefined) findings.push(broken(key, 'is no part of a digest'));
    else if (!items[0]?.isDeleteMarker) days.set(day, (days.get(day) ?? new Set()).add(key));
  }
  return days;
}

async function readRoot(
  source: Source,
  day: string,
  keys: ReadonlySet<string>,
  findings: Finding[],
): Promise<Root | undefined> {
  const key = digestKey(day);
  if (!keys.has(key)) return undefined;
  const bytes = await source.read(key);
  const file = readDigest(bytes.toString());
  if (file === undefined) findings.push(broken(key, 'is not a digest'));
  return file && { key, bytes, file };
}

interface Read {
  readonly key: string;
  readonly reach: Reach;
}

/** Reads the shards that a root names, and checks them. */
async function* readLeaves(
  source: Source,
  digest: Digest,
  keys: ReadonlySet<string>,
  findings: Finding[],
): AsyncGenerator<Read> {
  const root = digestKey(digest.day);
  const named = new Set(digest.shards.map(({ key }) => key));
  for (const key of keys)
    if (key !== root && !named.has(key)) findings.push(broken(key, `is added: ${root} does not name it`));
  const reaches: Reach[] = [];
  const counts = new Map<string, number>();
  const leaves = concurrently(digest.shards, WIDTH, async (ref): Promise<Leaf | undefined> => {
    if (!keys.has(ref.key)) {
      findings.push(broken(ref.key, `is missing: ${root} names it`));
      return undefined;
    }
    const bytes = await source.read(ref.key);
    return { ref, bytes, shard: sha256(bytes) === ref.sha256 ? readShard(bytes.toString()) : undefined };
  });
  let index = 0;
  for await (const leaf of leaves) {
    const at = index++;
    if (leaf === undefined) continue;
    const found = shardFindings(digest, at, leaf);
    findings.push(...found);
    if (found.length > 0 || leaf.shard === undefined) continue;
    const { entries, header } = leaf.shard;
    reaches.push(header);
    for (const { key } of entries) {
      const [top = ''] = key.split('/', 1);
      counts.set(top, (counts.get(top) ?? 0) + 1);
    }
    yield { key: leaf.ref.key, reach: header };
  }
  // What is missing or changed is reported already.
  if (reaches.length < digest.shards.length) return;
  findings.push(...gapFindings(root, reaches));
  const names = new Set([...counts.keys(), ...Object.keys(digest.counts)]);
  for (const name of names) {
    if ((counts.get(name) ?? 0) !== (digest.counts[name] ?? 0))
      findings.push(
        broken(
          root,
          `counts ${digest.counts[name] ?? 0} files under ${name}/, and lists ${counts.get(name) ?? 0}`,
        ),
      );
  }
}

/** Shards without a root: of a day that is being signed now, or what is left of a digest that was removed. */
function danglingFindings(
  days: ReadonlyMap<string, ReadonlySet<string>>,
  last: string | undefined,
): Finding[] {
  return [...days].flatMap(([day, keys]) =>
    !keys.has(digestKey(day)) && last !== undefined && day <= last
      ? [broken(digestKey(day), 'is missing: there are shards of its day')]
      : [],
  );
}

function headFindings(expected: readonly Head[], found: ReadonlyMap<string, Head>): Finding[] {
  return expected.flatMap(({ day, sha256: hash }) => {
    const head = found.get(day);
    if (head === undefined) return [broken(digestKey(day), 'is missing: its head was collected')];
    if (head.sha256 === hash) return [];
    return [broken(digestKey(day), `is replaced: the head that was collected is ${hash}`)];
  });
}
