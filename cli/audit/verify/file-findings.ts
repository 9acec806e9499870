import { dayOf } from '../../../lib/audit/digest/days.ts';
import { sha256 } from '../../../lib/audit/digest/format.ts';
import { iso } from '../../../lib/domain/time.ts';
import type { SourceVersion } from '../log/source.ts';
import type { Listed } from './chain.ts';
import { broken, type Finding } from './finding.ts';
import type { Joined } from './join.ts';
import { type SettledRecord, schemaFindings } from './record-findings.ts';

/** What a file holds. */
export interface Content {
  readonly bytes: Buffer;
  /** `undefined` for what is not a record. */
  readonly record: SettledRecord | undefined;
}

export interface Checked {
  readonly findings: readonly Finding[];
  /** No digest lists it, since it is newer than the last one. */
  readonly isNewer: boolean;
}

/** A record's time may differ this much from when it was stored: by clocks, or by an outage of the store. */
const SLACK_MS = 3_600_000;

/** Checks one file against the digests, and a record against its rules. @param covers whether the digests say all of a day */
export function fileFindings(
  { key, left: listed, right: versions }: Joined<Listed, SourceVersion>,
  content: Content | undefined,
  covers: (day: string) => boolean,
): Checked {
  const [latest] = versions;
  const [first] = listed;
  const own = content && key.startsWith('records/') ? schemaFindings(key, content.bytes.toString()) : [];
  if (latest === undefined) return checked([broken(key, `is missing: the digest of ${first?.day} lists it`)]);
  const isReplaced = versionFindings(key, listed, versions);
  if (first === undefined) {
    const isOld = isOlder(latest, content, covers);
    const added = isOld
      ? [broken(key, 'is added: no digest lists it, yet it is older than the last one')]
      : [];
    return checked([...added, ...isReplaced, ...own, ...timeFindings(key, content, latest.storedAt)], !isOld);
  }
  return checked([
    ...isReplaced,
    ...hashFindings(key, listed, latest, content),
    ...own,
    ...timeFindings(key, content, Date.parse(first.stored_at)),
  ]);
}

function checked(findings: readonly Finding[], isNewer = false): Checked {
  return { findings, isNewer };
}

/** Nothing is ever stored twice under one name, nor deleted. */
function versionFindings(
  key: string,
  listed: readonly Listed[],
  versions: readonly SourceVersion[],
): Finding[] {
  if (versions[0]?.isDeleteMarker) return [broken(key, 'is deleted: a delete marker hides it')];
  if (versions.length > 1) return [broken(key, `is replaced: it has ${versions.length} versions`)];
  const ids = new Set(listed.map(({ version_id }) => version_id));
  if (ids.size <= 1) return [];
  return [broken(key, `is replaced: the digest of ${listed[0]?.day} lists ${ids.size} versions of it`)];
}

function hashFindings(
  key: string,
  listed: readonly Listed[],
  { isDeleteMarker, versionId }: SourceVersion,
  content: Content | undefined,
): Finding[] {
  if (content === undefined || isDeleteMarker) return [];
  const hash = sha256(content.bytes);
  // A copy does not know its versions; every listed one is a candidate.
  const candidates = listed.filter(({ version_id }) => versionId === undefined || version_id === versionId);
  const [any] = listed;
  if (candidates.length === 0)
    return [broken(key, `is replaced: no digest lists the version ${versionId}, but ${any?.version_id}`)];
  const differing = candidates.find((entry) => entry.sha256 !== hash);
  return differing === undefined
    ? []
    : [broken(key, `is changed: its hash is not the one in the digest of ${differing.day}`)];
}

/** Whether an unlisted file is so old that a digest should list it. A copy knows no more than a record's own time. */
function isOlder(
  { storedAt }: SourceVersion,
  content: Content | undefined,
  covers: (day: string) => boolean,
): boolean {
  const time = storedAt ?? (content?.record && content.record.time + SLACK_MS);
  return time !== undefined && covers(dayOf(time));
}

/** A record is stored when it is built. One with another time was forged later. */
function timeFindings(key: string, content: Content | undefined, storedAt: number | undefined): Finding[] {
  const record = content?.record;
  if (record === undefined || storedAt === undefined) return [];
  if (Math.abs(record.time - storedAt) <= SLACK_MS) return [];
  const times = `${iso(record.time)}, but was stored at ${iso(storedAt)}`;
  return [broken(key, `claims the time ${times}`)];
}
