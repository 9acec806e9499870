import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Scene } from './scene.ts';

const ROOT = join(import.meta.dirname, '../..');
const DAY_SECONDS = 86_400;
const dayOf = (ms: number) => new Date(ms).toISOString().slice(0, 10);

/** The digest function, and the commands that read the bucket. */
export function describeAuditLog(scene: () => Scene): void {
  describe('the audit log', () => {
    let folder: string;
    let key: string;
    let printed: string;

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'audit-log-'));
      key = join(folder, 'key.pem');
    });
    afterAll(() => rm(folder, { recursive: true, force: true }));

    async function auditLog(...args: string[]): Promise<string> {
      const { PATH = '' } = process.env;
      const env = { ...scene().emulator.env, PATH };
      const { stdout } = await promisify(execFile)(process.execPath, ['cli/audit.ts', ...args], {
        cwd: ROOT,
        env,
      });
      return stdout;
    }

    test('is signed a day later by the digest function', async () => {
      const { bucket, emulator, invoke, keys } = scene();
      expect(await emulator.age({ bucket, prefix: '' }, DAY_SECONDS)).toBeGreaterThan(20);
      const yesterday = dayOf(Date.now() - DAY_SECONDS * 1_000);

      expect(await invoke('digest')).toEqual({ failed: false, payload: { days: [yesterday] } });

      expect(await keys('digests/')).toHaveLength(1);
    });

    test('is verified with the public key of the stack', async () => {
      const { bucket, stack } = scene();
      await writeFile(key, await auditLog('key', stack.output('AuditKeyArn')));

      printed = await auditLog('verify', `s3://${bucket}`, '--key', key);

      expect(printed).toMatch(/^no break: 1 digests, \d{2,} records, 0 files newer/);
    });

    test('shows an incident and makes a report', async () => {
      const { bucket, leak, invoke } = scene();
      const { api_key_id, token } = leak();
      await invoke('revoke', { token });
      const [day, page] = [dayOf(Date.now()), join(folder, 'report.html')];

      const shown = await auditLog('show', api_key_id, '--in', `s3://${bucket}`);
      await auditLog('report', '--from', day, '--to', day, '--in', `s3://${bucket}`, '-o', page);

      expect(shown).toContain(api_key_id);
      expect(shown).toContain('revoked');
      expect(await readFile(page, 'utf8')).toContain(api_key_id);
    });
  });
}
