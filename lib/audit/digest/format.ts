import { createHash } from 'node:crypto';
import * as z from 'zod/mini';
import { parseJson } from '../../platform/parse-json.ts';
import { NOT_DIGESTED } from '../stored-note.ts';

/**
 * The digests of the audit log: a hash tree with one root for each day.
 *
 *     digests/date=<day>/digest.jsonl        the root: two lines, a Digest and its Signature
 *     digests/date=<day>/shard-<number>.jsonl    a leaf: a ShardHeader, then one Entry a line
 *
 * A root holds the SHA-256 of its leaves and of the root of the day before. The hash of a whole file is over its bytes,
 * line feeds included. A shard is a piece of a listing, in its order: it is bounded in size however much a day holds, and
 * the next one starts after its last key. Shards by the hash of the path would need the number of objects in advance.
 */

/** A calendar day in UTC, `2026-07-30`. */
export const Day = z.string().check(z.regex(/^\d{4}-\d{2}-\d{2}$/, 'must be a day such as 2026-07-30'));

const Sha256 = z.string().check(z.regex(/^[0-9a-f]{64}$/));

/** One version of an object, or a delete marker. More than one with the same `key` is a break. */
export const Entry = z.strictObject({
  key: z.string(),
  /** As S3 names it; `null` in a bucket without versions. */
  version_id: z.nullable(z.string()),
  /** `null` for a delete marker. */
  sha256: z.nullable(Sha256),
  size: z.int(),
  /** ISO time, by S3's clock. */
  stored_at: z.string(),
});
export type Entry = z.infer<typeof Entry>;

/** `records`: `records/date=<day>/`. `noted`: what the notes under `index/stored/date=<day>/` name. */
export const ShardSource = z.enum(['records', 'noted']);
export type ShardSource = z.infer<typeof ShardSource>;

/** The first line of a shard: which piece of which listing it is. */
export const ShardHeader = z.strictObject({
  version: z.literal(1),
  day: Day,
  /** From 1. */
  number: z.int(),
  source: ShardSource,
  /** The key of the listing after which it starts, and the last that it covers. Both are keys of notes for `noted`. */
  after: z.string(),
  through: z.string(),
});
export type ShardHeader = z.infer<typeof ShardHeader>;

export interface Shard {
  readonly header: ShardHeader;
  readonly entries: readonly Entry[];
}

const ShardRef = z.strictObject({
  key: z.string(),
  sha256: Sha256,
  /** Bytes. */
  size: z.int(),
  entries: z.int(),
});
export type ShardRef = z.infer<typeof ShardRef>;

/**
 * The root of a day, in the manner of CloudTrail's digest files
 * (https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-validation-intro.html).
 */
export const Digest = z.strictObject({
  version: z.literal(2),
  day: Day,
  bucket: z.string(),
  /** ISO times: the day's beginning and its end, which is not part of it. */
  from: z.string(),
  to: z.string(),
  created_at: z.string(),
  /** Signed more than `LATE_AFTER_MS` after `to`. What is late may have been replaced before it was signed. */
  late: z.boolean(),
  /** The digest of the day before, by the hash of its whole file; `null` in the first. */
  previous: z.nullable(z.strictObject({ key: z.string(), sha256: Sha256 })),
  shards: z.array(ShardRef),
  /** Entries by the first segment of their keys, such as `{"records": 3, "plans": 1}`. */
  counts: z.record(z.string(), z.int()),
  /** Keys with more than one version, or with a delete marker. */
  anomalies: z.int(),
});
export type Digest = z.infer<typeof Digest>;

export const Signature = z.strictObject({
  algorithm: z.literal('ECDSA_SHA_256'),
  /** ARN of the KMS key. */
  key_id: z.string(),
  /** ASN.1 DER in base64, over `textToSign`. */
  signature: z.string(),
});
export type Signature = z.infer<typeof Signature>;

/** A root as a file: one object, so that neither the digest nor its signature exists without the other. */
export interface DigestFile {
  readonly digest: Digest;
  readonly signature: Signature;
  /** The digest as it was written, without the line feed. */
  readonly line: string;
}

/** What proves a day and everything before it, once it is kept outside the account. */
export interface Head {
  readonly day: string;
  /** SHA-256 of the whole file of the day's digest, in hexadecimal. */
  readonly sha256: string;
}

export const DIGESTS = 'digests/';

/** Prefixes of what no digest lists. */
export const NOT_COVERED: readonly string[] = NOT_DIGESTED;

/** Entries of one shard at most, so that it stays below 4 MiB with keys of 700 bytes. */
export const SHARD_ENTRIES = 4_000;

/** A digest that is signed this many milliseconds after the end of its day is late. */
export const LATE_AFTER_MS = 86_400_000;

export function digestFolder(day: string): string {
  return `${DIGESTS}date=${day}/`;
}

export function digestKey(day: string): string {
  return `${digestFolder(day)}digest.jsonl`;
}

/** @param number from 1 */
export function shardKey(day: string, number: number): string {
  return `${digestFolder(day)}shard-${String(number).padStart(6, '0')}.jsonl`;
}

/** @returns `undefined` when the text is not a digest file */
export function readDigest(text: string): DigestFile | undefined {
  const [line = '', second = '', ...rest] = text.split('\n');
  const digest = parseJson(line, Digest);
  const signature = parseJson(second, Signature);
  if (digest === undefined || signature === undefined || rest.join('') !== '') return undefined;
  return { digest, signature, line };
}

export function writeDigest(line: string, signature: Signature): string {
  return `${line}\n${JSON.stringify(signature)}\n`;
}

/** @returns `undefined` when the text is not a shard */
export function readShard(text: string): Shard | undefined {
  if (!text.endsWith('\n')) return undefined;
  const [first = '', ...lines] = text.slice(0, -1).split('\n');
  const header = parseJson(first, ShardHeader);
  if (header === undefined) return undefined;
  const entries: Entry[] = [];
  for (const line of lines) {
    const entry = parseJson(line, Entry);
    if (entry === undefined) return undefined;
    entries.push(entry);
  }
  return { header, entries };
}

export function writeShard({ entries, header }: Shard): string {
  return `${[header, ...entries].map((line) => JSON.stringify(line)).join('\n')}\n`;
}

/** As in CloudTrail: not the digest itself, which may be long, but its key and its hash. */
export function textToSign(key: string, line: string): string {
  return `${key}\n${sha256(line)}\n`;
}

/** In hexadecimal. */
export function sha256(text: string | Uint8Array): string {
  return createHash('sha256').update(text).digest('hex');
}

/** @param text of the whole file */
export function headOf(day: string, text: string | Uint8Array): Head {
  return { day, sha256: sha256(text) };
}

/** `2026-07-30:<64 hexadecimal digits>`, as `verify --expect-head` takes it. */
export function formatHead({ day, sha256: hash }: Head): string {
  return `${day}:${hash}`;
}

/** @returns `undefined` when the text is not a head */
export function parseHead(text: string): Head | undefined {
  const [, day, hash] = /^(\d{4}-\d{2}-\d{2}):([0-9a-f]{64})$/.exec(text.trim()) ?? [];
  return day === undefined || hash === undefined ? undefined : { day, sha256: hash };
}

/**
 * Heads as a recipient collects them: one a line, anywhere in the line, so that a mailbox or an export of the log will
 * do. @returns them in the order of the text, each once
 */
export function findHeads(text: string): Head[] {
  const found = [...text.matchAll(/\b\d{4}-\d{2}-\d{2}:[0-9a-f]{64}\b/g)].map(([head]) => head);
  return [...new Set(found)].map(parseHead).filter((head) => head !== undefined);
}
