import { SIGNING_ALGORITHM, type SigningKey } from '../../aws/kms.ts';
import type { AuditStore } from '../../aws/write-once-bucket.ts';
import { log } from '../../platform/log.ts';
import { count } from '../../platform/metrics.ts';
import { putOwn } from '../put-own.ts';
import { daysToDigest, lastCompleteDay, nextDay, startOf } from './days.ts';
import { DigestError } from './digest-error.ts';
import { firstDay } from './first-day.ts';
import {
  Day,
  DIGESTS,
  type Digest,
  digestKey,
  formatHead,
  type Head,
  headOf,
  LATE_AFTER_MS,
  readDigest,
  textToSign,
  writeDigest,
} from './format.ts';
import { type ShardParts, type Shards, writeShards } from './write-shards.ts';

export interface DigestParts extends ShardParts {
  readonly bucket: string;
  readonly key: SigningKey;
  /** Sends a head out of the account. It must not throw. */
  readonly publish: (head: Head, digest: Digest) => Promise<void>;
}

export interface Digested {
  /** The days that this run signed. */
  readonly days: readonly string[];
  /** The day that the next run continues with. */
  readonly unfinished?: string;
}

/**
 * Signs every day that is over and has no digest yet, as far as the time allows.
 *
 * @throws {DigestError} @throws {ListError} @throws {KmsError}
 */
export async function writeDigests(parts: DigestParts): Promise<Digested> {
  const now = Date.now();
  let previous = await findLast(now, parts);
  const first = previous === undefined ? await firstDay(parts) : undefined;
  const days: string[] = [];
  for (const day of daysToDigest(previous?.day, first, now)) {
    const shards = await writeShards(day, parts);
    if (shards.status === 'unfinished') {
      log('info', 'digest unfinished', { day, shards: shards.refs.length });
      return { days, unfinished: day };
    }
    previous = await sign(day, shards, previous, parts);
    days.push(day);
  }
  return { days };
}

/** The head of the last digest. Folders without one are of days that are not finished. */
async function findLast(now: number, { deadline, store, versions }: DigestParts): Promise<Head | undefined> {
  const end = lastCompleteDay(now);
  const folders = await versions.folders(`${DIGESTS}date=`, deadline);
  for (const folder of folders.reverse()) {
    const day = Day.safeParse(folder.slice(`${DIGESTS}date=`.length, -1)).data;
    if (day === undefined || day > end) continue;
    const head = await readHead(day, { deadline, store });
    if (head !== undefined) return head;
  }
  return undefined;
}

async function readHead(
  day: string,
  { deadline, store }: { deadline: number; store: Pick<AuditStore, 'get'> },
): Promise<Head | undefined> {
  const found = await store.get(digestKey(day), { deadline });
  const text = found.ok ? found.text : '';
  if (text === undefined) return undefined;
  if (readDigest(text) === undefined) {
    throw new DigestError(`the digest of ${day} is not readable; verify the audit log`);
  }
  return headOf(day, text);
}

async function sign(
  day: string,
  shards: Shards,
  previous: Head | undefined,
  parts: DigestParts,
): Promise<Head> {
  const { deadline, key, store } = parts;
  const digest = draft(day, shards, previous, parts.bucket, Date.now());
  const line = JSON.stringify(digest);
  const { keyId, signature } = await key.sign(textToSign(digestKey(day), line), { deadline });
  const text = writeDigest(line, { algorithm: SIGNING_ALGORITHM, key_id: keyId, signature });
  const failure = await putOwn(store, digestKey(day), text, { deadline });
  if (failure !== undefined) throw new DigestError(failure);
  const head = headOf(day, text);
  const { anomalies, late } = digest;
  log('info', 'digest signed', { head: formatHead(head), late, anomalies, counts: shards.counts });
  if (anomalies > 0) count('AuditAnomaly', {}, anomalies);
  if (late) count('DigestLate', {});
  await parts.publish(head, digest);
  return head;
}

/** @param now epoch milliseconds at which it is signed */
export function draft(
  day: string,
  { anomalies, counts, refs }: Omit<Shards, 'status'>,
  previous: Head | undefined,
  bucket: string,
  now: number,
): Digest {
  const end = startOf(nextDay(day));
  return {
    version: 2,
    day,
    bucket,
    from: new Date(startOf(day)).toISOString(),
    to: new Date(end).toISOString(),
    created_at: new Date(now).toISOString(),
    late: now > end + LATE_AFTER_MS,
    previous: previous ? { key: digestKey(previous.day), sha256: previous.sha256 } : null,
    shards: [...refs],
    counts: { ...counts },
    anomalies,
  };
}
