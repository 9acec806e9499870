import { generateKeyPairSync, sign } from 'node:crypto';
import {
  digestFolder,
  digestKey,
  readDigest,
  type Signature,
  textToSign,
  writeDigest,
} from '../../lib/audit/digest/format.ts';
import { type AuditLog, atTime, LOG_DAYS } from './audit-log.ts';

/** What somebody did to the log of `threeDays`, with all the rights of the account's owner. */
export interface Tampering {
  readonly name: string;
  tamper(log: AuditLog): Promise<void> | void;
}

const [FIRST, SECOND, THIRD] = LOG_DAYS;
const DAY_AFTER = '2026-08-02';

function recordOf({ sandbox }: AuditLog, day: string, name = '90-outcome'): { key: string; body: string } {
  const found = sandbox.s3.objects(`records/date=${day}/`).find(({ key }) => key.endsWith(`/${name}.json`));
  if (found === undefined) throw new Error(`no ${name} on ${day}`);
  return found;
}

function textOf({ sandbox }: AuditLog, key: string): string {
  const found = sandbox.s3.get(key);
  if (found === undefined) throw new Error(`no ${key}`);
  return found.body;
}

function folderOf(key: string): string {
  return key.slice(0, key.lastIndexOf('/') + 1);
}

/** Writes a digest instead of the one that is there, under the same bytes of the signed line. */
function replaceSignature(
  log: AuditLog,
  day: string,
  change: (signature: Signature, line: string) => Signature,
) {
  const file = readDigest(textOf(log, digestKey(day)));
  if (file === undefined) throw new Error(`no digest of ${day}`);
  const text = writeDigest(file.line, change(file.signature, file.line));
  log.sandbox.s3.owner.erase(digestKey(day));
  log.sandbox.s3.owner.write(log.bucket, digestKey(day), text, log.now);
}

async function removeAndSignAgain(log: AuditLog): Promise<void> {
  log.sandbox.s3.owner.erase(folderOf(recordOf(log, SECOND).key));
  for (const day of [SECOND, THIRD]) log.sandbox.s3.owner.erase(digestFolder(day));
  await log.digestAt(atTime('2026-08-03', '00:30:00'));
}

export const TAMPERINGS: readonly Tampering[] = [
  {
    name: 'change a record',
    tamper(log) {
      const { body, key } = recordOf(log, SECOND);
      log.sandbox.s3.owner.erase(key);
      log.sandbox.s3.owner.write(log.bucket, key, body.replace('"High"', '"Low"'), log.now);
    },
  },
  {
    name: 'remove a record',
    tamper: (log) => log.sandbox.s3.owner.erase(recordOf(log, FIRST, '10-intent').key),
  },
  {
    name: 'add a record',
    tamper(log) {
      const { body, key } = recordOf(log, FIRST);
      const forged = key.replace('console/', 'console/forged-');
      log.sandbox.s3.owner.write(log.bucket, forged, body, atTime(SECOND, '09:00:00'));
    },
  },
  {
    name: 'replace a record by a newer version',
    tamper(log) {
      const { body, key } = recordOf(log, SECOND);
      log.sandbox.s3.owner.write(log.bucket, key, body.replace('"High"', '"Low"'), log.now);
    },
  },
  {
    name: 'hide a record behind a delete marker',
    tamper: (log) => log.sandbox.s3.owner.hide(log.bucket, recordOf(log, SECOND).key),
  },
  {
    name: 'remove an incident with the digests from its day on',
    tamper: removeAndSignAgain,
  },
  {
    name: 'the same, explained by --missed-runs',
    tamper: removeAndSignAgain,
  },
  {
    name: "the same with the last day's, within a day",
    async tamper(log) {
      log.sandbox.s3.owner.erase(folderOf(recordOf(log, THIRD).key));
      log.sandbox.s3.owner.erase(digestFolder(THIRD));
      await log.digestAt(atTime(DAY_AFTER, '02:30:00'));
    },
  },
  {
    name: 'cut off the digests at the end',
    tamper: (log) => log.sandbox.s3.owner.erase(digestFolder(THIRD)),
  },
  {
    name: 'wipe everything and go on',
    async tamper(log) {
      log.sandbox.s3.owner.erase('');
      await log.leakAt(atTime(DAY_AFTER, '12:00:00'));
      await log.digestAt(atTime('2026-08-03', '00:30:00'));
    },
  },
  {
    name: 'two digests of one day',
    tamper(log) {
      const text = textOf(log, digestKey(SECOND));
      log.sandbox.s3.owner.write(log.bucket, digestKey(SECOND), text, log.now);
    },
  },
  {
    name: 'a digest signed by a foreign key',
    tamper(log) {
      const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      replaceSignature(log, THIRD, (signature, line) => ({
        ...signature,
        signature: sign('sha256', Buffer.from(textToSign(digestKey(THIRD), line)), privateKey).toString(
          'base64',
        ),
      }));
    },
  },
  {
    name: 'a changed key id',
    tamper: (log) =>
      replaceSignature(log, THIRD, (signature) => ({ ...signature, key_id: `${signature.key_id}0` })),
  },
];
