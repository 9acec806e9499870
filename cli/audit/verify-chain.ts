import { verify as verifySignature } from 'node:crypto';
import {
  type Digest,
  type DigestFile,
  digestKey,
  nextDay,
  readDigest,
  sha256,
  startOf,
  textToSign,
} from '../../lib/audit/digest/digest.ts';
import type { Break, VerifyOptions } from './break.ts';

export interface Chain {
  readonly breaks: readonly Break[];
  /** The objects that the digests list. A digest that is not signed with a given key is a break of its own. */
  readonly objects: readonly (Digest['objects'][number] & { readonly day: string })[];
  /** Epoch milliseconds up to which the digests reach. */
  readonly end: number | undefined;
}

interface Read {
  readonly key: string;
  readonly bytes: Buffer;
  readonly file: DigestFile | undefined;
}

/** Checks every digest's place and signature, that each names the one before it, and that no day is missing. */
export function verifyChain(
  texts: readonly { key: string; bytes: Buffer }[],
  options: VerifyOptions & { hasRecords: boolean },
): Chain {
  const breaks: Break[] = [];
  const digests: Digest[] = [];
  let previous: Read | undefined;
  for (const { bytes, key } of texts) {
    const read = { key, bytes, file: readDigest(bytes.toString()) };
    if (read.file) digests.push(read.file.digest);
    breaks.push(...digestBreaks(read, options), ...linkBreaks(read, previous));
    previous = read;
  }
  const last = previous?.file?.digest.day;
  if (last === undefined ? options.hasRecords : last < options.until) {
    const first = last === undefined ? options.until : nextDay(last);
    const days = first === options.until ? first : `${first} to ${options.until}`;
    breaks.push({ key: digestKey(first), what: `is missing: there is no digest of ${days}` });
  }
  return {
    breaks,
    objects: digests.flatMap(({ day, objects }) => objects.map((object) => ({ ...object, day }))),
    end: last === undefined ? undefined : startOf(nextDay(last)),
  };
}

function digestBreaks({ bytes, file, key }: Read, { keys }: VerifyOptions): Break[] {
  if (file === undefined) return [{ key, what: 'is not a digest' }];
  const { digest, line, signature } = file;
  const breaks: Break[] = [];
  if (key !== digestKey(digest.day))
    breaks.push({ key, what: `is the digest of ${digest.day}, under the wrong key` });
  const text = Buffer.from(textToSign(digestKey(digest.day), line));
  const der = Buffer.from(signature.signature, 'base64');
  if (!keys.some((publicKey) => verifySignature('sha256', text, publicKey, der)))
    breaks.push({ key, what: 'is not signed with the given key' });
  const expected = `${line}\n${JSON.stringify(signature)}\n`;
  if (bytes.toString() !== expected) breaks.push({ key, what: 'is not formatted as it was written' });
  return breaks;
}

function linkBreaks({ file, key }: Read, before: Read | undefined): Break[] {
  const digest = file?.digest;
  if (digest === undefined) return [];
  if (before === undefined) {
    return digest.previous === null
      ? []
      : [{ key: digest.previous.key, what: `is missing: ${key} names it as the previous digest` }];
  }
  if (digest.previous === null)
    return [{ key, what: 'claims to be the first digest, yet there are earlier ones' }];
  const day = before.file?.digest.day;
  if (day !== undefined && digest.previous.key !== before.key) {
    return [{ key: digest.previous.key, what: `is missing: ${key} comes after ${before.key}` }];
  }
  return digest.previous.sha256 === sha256(before.bytes).toString('hex')
    ? []
    : [{ key, what: `does not follow ${before.key}: its hash of the previous digest differs` }];
}
