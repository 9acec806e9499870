import { digestKey, sha256, textToSign, writeDigest } from '../../lib/audit/digest/format.ts';
import { draft } from '../../lib/audit/digest/write-digests.ts';
import { writeShards } from '../../lib/audit/digest/write-shards.ts';
import { awsEnvironment } from '../../lib/aws/environment.ts';
import { kmsKey, SIGNING_ALGORITHM } from '../../lib/aws/kms.ts';
import type { ObjectVersion, VersionListing } from '../../lib/aws/list-versions.ts';
import type { AuditStore } from '../../lib/aws/write-once-bucket.ts';
import type { MadeBucket } from './made-bucket.ts';
import { type VirtualS3, versionOf } from './virtual-s3.ts';

/** Signs the day without a request for each record, so that what reads a signed log can be measured alone. */
export async function signDay({ day, env, kms, s3 }: MadeBucket): Promise<void> {
  const store: AuditStore = {
    async put(key, body) {
      if (s3.stored.has(key)) return { result: 'exists' };
      s3.put(key, String(body));
      return { result: 'stored' };
    },
    get: async (key) => ({ ok: true, text: s3.stored.get(key) }),
  };
  const deadline = Number.POSITIVE_INFINITY;
  const shards = await writeShards(day, { store, versions: versionsOf(s3, day), deadline });
  const line = JSON.stringify(draft(day, shards, undefined, 'audit', Date.now()));
  const key = kmsKey(awsEnvironment(env), kms.keyArn);
  const { keyId, signature } = await key.sign(textToSign(digestKey(day), line), { deadline });
  s3.put(digestKey(day), writeDigest(line, { algorithm: SIGNING_ALGORITHM, key_id: keyId, signature }));
}

const PAGE = 1_000;

function versionsOf(s3: VirtualS3, day: string): VersionListing {
  return {
    async *pages({ prefix, startAfter = '' }) {
      let page: ObjectVersion[] = [];
      for (const { at, key, size } of s3.objects(prefix, startAfter)) {
        page.push({ key, size, storedAt: at, versionId: versionOf(key), isDeleteMarker: false });
        if (page.length < PAGE) continue;
        yield page;
        page = [];
      }
      yield page;
    },
    folders: async (prefix) => (prefix === 'records/date=' ? [`${prefix}${day}/`] : []),
    hash: async ({ key }) => sha256(s3.read(key) ?? ''),
  };
}
