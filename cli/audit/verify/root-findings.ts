import { type KeyObject, verify as verifySignature } from 'node:crypto';
import { nextDay, startOf } from '../../../lib/audit/digest/days.ts';
import {
  type DigestFile,
  digestKey,
  LATE_AFTER_MS,
  sha256,
  textToSign,
} from '../../../lib/audit/digest/format.ts';
import type { Days } from '../log/report-folders.ts';
import { broken, type Finding, note } from './finding.ts';

/** The root of a day as it was read. */
export interface Root {
  readonly key: string;
  readonly bytes: Buffer;
  readonly file: DigestFile;
}

export interface RootRules {
  /** The public halves of the signing key; more than one after a change of keys. */
  readonly keys: readonly KeyObject[];
  /** Days on which the function that signs is known to have not run. */
  readonly missedRuns?: Required<Days> | undefined;
  /** Days whose heads were collected, so that they were signed as they are. */
  readonly collected: ReadonlySet<string>;
}

/** Checks a root's place, form, signature and times, and that it follows the root before it. */
export function rootFindings(root: Root, before: Root | undefined, rules: RootRules): Finding[] {
  return [
    ...formFindings(root),
    ...signatureFindings(root, before, rules.keys),
    ...linkFindings(root, before),
    ...lateFindings(root, before, rules),
  ];
}

function formFindings({ bytes, file, key }: Root): Finding[] {
  const { digest, line, signature } = file;
  const found: Finding[] = [];
  if (key !== digestKey(digest.day))
    found.push(broken(key, `is the digest of ${digest.day}, under the wrong key`));
  if (bytes.toString() !== `${line}\n${JSON.stringify(signature)}\n`)
    found.push(broken(key, 'is not formatted as it was written'));
  const [from, to] = [startOf(digest.day), startOf(nextDay(digest.day))];
  if (Date.parse(digest.from) !== from || Date.parse(digest.to) !== to)
    found.push(broken(key, `does not cover its day: ${digest.from} to ${digest.to}`));
  if (!(Date.parse(digest.created_at) >= to))
    found.push(broken(key, `was signed at ${digest.created_at}, before its day was over`));
  return found;
}

function signatureFindings(
  { file, key }: Root,
  before: Root | undefined,
  keys: readonly KeyObject[],
): Finding[] {
  const { digest, line, signature } = file;
  const text = Buffer.from(textToSign(digestKey(digest.day), line));
  const der = Buffer.from(signature.signature, 'base64');
  const by = keys.find((publicKey) => verifySignature('sha256', text, publicKey, der));
  if (by === undefined) return [broken(key, 'is not signed with the given key')];
  const id = before?.file.signature.key_id;
  // With one public key there is one key of KMS.
  if (keys.length > 1 || id === undefined || id === signature.key_id) return [];
  return [broken(key, `names the key ${signature.key_id}, and the digest before it ${id}`)];
}

function linkFindings({ file, key }: Root, before: Root | undefined): Finding[] {
  const { created_at, day, previous } = file.digest;
  if (before === undefined) {
    return previous === null
      ? []
      : [broken(previous.key, `is missing: ${key} names it as the digest before it`)];
  }
  if (previous === null) return [broken(key, 'claims to be the first digest, yet there are earlier ones')];
  const earlier = before.file.digest;
  if (day !== nextDay(earlier.day) || previous.key !== before.key)
    return [broken(digestKey(nextDay(earlier.day)), `is missing: ${key} comes after ${before.key}`)];
  if (previous.sha256 !== sha256(before.bytes))
    return [broken(key, `does not follow ${before.key}: its hash of the digest before it differs`)];
  if (Date.parse(created_at) < Date.parse(earlier.created_at))
    return [broken(key, `was signed at ${created_at}, before the one that it follows`)];
  return [];
}

/**
 * A day that was signed late may have been changed before. From the log alone, missing runs look like a digest that was
 * removed and signed again. A head that was collected tells them apart, or a person who knows of the missing runs.
 */
function lateFindings({ file, key }: Root, before: Root | undefined, rules: RootRules): Finding[] {
  const { created_at, day, late, to } = file.digest;
  const isLate = Date.parse(created_at) - Date.parse(to) > LATE_AFTER_MS;
  if (isLate !== late) return [broken(key, `says late: ${late}, and was signed at ${created_at}`)];
  if (!isLate) return [];
  const signed = `was signed late, at ${created_at}`;
  if (rules.collected.has(day)) return [note(key, `${signed}; its head was collected`)];
  const { from, to: last } = rules.missedRuns ?? {};
  if (from === undefined || last === undefined || day < from || day > last)
    return [broken(key, `${signed}: what it lists could have been changed before`)];
  const earlier = before?.file.digest;
  const isInOrder = earlier === undefined || !earlier.late || (earlier.day >= from && earlier.day <= last);
  return isInOrder
    ? [note(key, `${signed}; runs are known to be missing`)]
    : [broken(key, `${signed}, and so was the one before it, which the missing runs do not explain`)];
}
