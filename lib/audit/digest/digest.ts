import { createHash } from 'node:crypto';
import * as z from 'zod/mini';
import { parseJson } from '../../platform/parse-json.ts';

/** A calendar day in UTC, `2026-07-30`. */
export const Day = z.string().check(z.regex(/^\d{4}-\d{2}-\d{2}$/, 'must be a day such as 2026-07-30'));

const Sha256 = z.string().check(z.regex(/^[0-9a-f]{64}$/));

/**
 * What was stored on one day, in the manner of CloudTrail's digest files
 * (https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-validation-intro.html). An
 * object belongs to the day on which S3 stored it, not to the date in its key, so that a late record is in the digest
 * of the day on which it was stored.
 */
export const Digest = z.strictObject({
  version: z.literal(1),
  day: Day,
  bucket: z.string(),
  /** ISO times: stored at or after `from`, before `to`. The first digest reaches back to the beginning. */
  from: z.string(),
  to: z.string(),
  created_at: z.string(),
  /** The digest before it, by the hash of its whole file; `null` in the first. */
  previous: z.nullable(z.strictObject({ key: z.string(), sha256: Sha256, signature: z.string() })),
  objects: z.array(z.strictObject({ key: z.string(), sha256: Sha256, size: z.int(), stored_at: z.string() })),
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

/** Two lines: the digest, and its signature. One object, so that neither exists without the other. */
export interface DigestFile {
  readonly digest: Digest;
  readonly signature: Signature;
  /** The digest as it was written, without the line feed. */
  readonly line: string;
}

export const DIGESTS = 'digests/';

/**
 * Objects that digests leave out, since they are replaced: the registry of tokens, and experiments in progress. They are no
 * audit records; the bucket keeps every version of them.
 */
const REPLACEABLE = ['registry/', 'experiments/'];

/** Whether a digest is to list an object. */
export function isDigested(key: string): boolean {
  return ![DIGESTS, ...REPLACEABLE].some((prefix) => key.startsWith(prefix));
}

export function digestKey(day: string): string {
  return `${DIGESTS}date=${day}/digest.jsonl`;
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

/** As in CloudTrail: not the digest itself, which may be long, but its key and its hash. */
export function textToSign(key: string, line: string): string {
  return `${key}\n${sha256(line).toString('hex')}\n`;
}

export function sha256(text: string | Uint8Array): Buffer {
  return createHash('sha256').update(text).digest();
}

const DAY_MS = 86_400_000;

/** Epoch milliseconds at which a day begins. */
export function startOf(day: string): number {
  return Date.parse(`${day}T00:00:00.000Z`);
}

export function dayOf(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}

export function nextDay(day: string): string {
  return dayOf(startOf(day) + DAY_MS);
}

/** Milliseconds after midnight by which every put of the day before has ended. */
export const SETTLING_MS = 15 * 60_000;

/** The last day that is over, and whose objects are all stored. */
export function lastCompleteDay(now: number): string {
  return dayOf(now - SETTLING_MS - DAY_MS);
}

/** The days that still need a digest: from the one after the last digest, or from the first object's. */
export function daysToDigest(
  last: string | undefined,
  firstStoredAt: number | undefined,
  now: number,
): string[] {
  const end = lastCompleteDay(now);
  let day = last === undefined ? firstStoredAt && dayOf(firstStoredAt) : nextDay(last);
  const days: string[] = [];
  for (; day && day <= end; day = nextDay(day)) days.push(day);
  return days;
}
