import { SIGNING_ALGORITHM, type SigningKey } from '../../aws/kms.ts';
import type { ListObjects, StoredObject } from '../../aws/list-objects.ts';
import type { AuditStore } from '../../aws/write-once-bucket.ts';
import { log } from '../../platform/log.ts';
import { pooled } from '../../platform/map-concurrent.ts';
import {
  DIGESTS,
  type Digest,
  type DigestFile,
  daysToDigest,
  digestKey,
  isDigested,
  nextDay,
  readDigest,
  sha256,
  startOf,
  textToSign,
  writeDigest,
} from './digest.ts';

/** A digest could not be written. The next run retries, and backfills missed days. */
export class DigestError extends Error {
  override readonly name = 'DigestError';
  readonly code = 'digest';
}

export interface DigestParts {
  readonly bucket: string;
  readonly store: AuditStore;
  readonly list: ListObjects;
  readonly key: SigningKey;
  /** Epoch milliseconds. */
  readonly now: number;
  readonly deadline: number;
}

/** Writes the digest of every day that is over and has none yet. @returns those days @throws {DigestError} */
export async function writeDigests(parts: DigestParts): Promise<string[]> {
  const retry = { deadline: parts.deadline };
  const all = await parts.list('', retry);
  const objects = all.filter(({ key }) => isDigested(key));
  const last = all.filter(({ key }) => key.startsWith(DIGESTS)).at(-1);
  let previous = last && (await read(last.key, parts));
  const first = objects.length === 0 ? undefined : Math.min(...objects.map(({ storedAt }) => storedAt));
  const days = daysToDigest(previous?.file.digest.day, first, parts.now);
  for (const day of days) {
    const text = await write(day, objects, previous, parts);
    const file = readDigest(text);
    if (file === undefined) throw new DigestError(`the digest of ${day} is not readable`);
    previous = { file, text };
    log('info', 'digest written', { day, objects: file.digest.objects.length });
  }
  return days;
}

type Previous = { readonly file: DigestFile; readonly text: string };

async function write(
  day: string,
  objects: readonly StoredObject[],
  previous: Previous | undefined,
  parts: DigestParts,
): Promise<string> {
  const from = previous === undefined ? 0 : startOf(day);
  const to = startOf(nextDay(day));
  const ofDay = objects.filter(({ storedAt }) => storedAt >= from && storedAt < to);
  const digest: Digest = {
    version: 1,
    day,
    bucket: parts.bucket,
    from: new Date(from).toISOString(),
    to: new Date(to).toISOString(),
    created_at: new Date(parts.now).toISOString(),
    previous: previous
      ? {
          key: digestKey(previous.file.digest.day),
          sha256: sha256(previous.text).toString('hex'),
          signature: previous.file.signature.signature,
        }
      : null,
    objects: await pooled(ofDay, CONCURRENCY, (object) => hash(object, parts)),
  };
  const line = JSON.stringify(digest);
  const { keyId, signature } = await parts.key.sign(textToSign(digestKey(day), line), {
    deadline: parts.deadline,
  });
  const text = writeDigest(line, { algorithm: SIGNING_ALGORITHM, key_id: keyId, signature });
  const stored = await parts.store.put(digestKey(day), text, { deadline: parts.deadline });
  if (stored.result === 'failed') throw new DigestError(stored.reason);
  // Another run was faster: the chain continues from its digest.
  return stored.result === 'stored' ? text : (await read(digestKey(day), parts)).text;
}

async function read(key: string, { deadline, store }: DigestParts): Promise<Previous> {
  const found = await store.get(key, { deadline });
  const file = found.ok && found.text !== undefined ? readDigest(found.text) : undefined;
  if (!found.ok || found.text === undefined || file === undefined) {
    throw new DigestError(`the digest ${key} is not readable; run "npm run audit-log -- verify"`);
  }
  return { file, text: found.text };
}

/** Objects that are read at the same time. */
const CONCURRENCY = 16;

async function hash({ key, size, storedAt }: StoredObject, { deadline, store }: DigestParts) {
  const found = await store.get(key, { deadline });
  if (!found.ok || found.text === undefined) throw new DigestError(`the record ${key} is not readable`);
  return {
    key,
    sha256: sha256(found.text).toString('hex'),
    size,
    stored_at: new Date(storedAt).toISOString(),
  };
}
