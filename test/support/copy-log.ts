import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { AuditLog } from './audit-log.ts';

/** A copy of the bucket in a new folder, as `aws s3 sync` makes it; `root` holds the folder and the public key. */
export interface LogCopy {
  readonly root: string;
  readonly folder: string;
  readonly keyFile: string;
}

export function copyLog({ publicKey, sandbox }: Pick<AuditLog, 'publicKey' | 'sandbox'>): LogCopy {
  const root = mkdtempSync(join(tmpdir(), 'audit-log-'));
  const [folder, keyFile] = [join(root, 'copy'), join(root, 'audit-key.pem')];
  writeFileSync(keyFile, publicKey);
  for (const { body, key } of sandbox.s3.objects()) {
    mkdirSync(dirname(join(folder, key)), { recursive: true });
    writeFileSync(join(folder, key), body);
  }
  return { root, folder, keyFile };
}
