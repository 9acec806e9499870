import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Scene } from './scene.ts';

const ROOT = join(import.meta.dirname, '../..');
const DAY_MS = 86_400_000;
const dayOf = (ms: number) => new Date(ms).toISOString().slice(0, 10);

/** The digest function, and the commands that read the bucket. */
export function describeAuditLog(scene: () => Scene): void {
  describe('the audit log', () => {
    let folder: string;
    let key: string;

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'audit-log-'));
      key = join(folder, 'key.pem');
    });
    afterAll(() => rm(folder, { recursive: true, force: true }));

    async function auditLog(...args: string[]): Promise<string> {
      const { PATH = '' } = process.env;
      const env = { ...scene().emulator.env, PATH };
      const run = promisify(execFile)(process.execPath, ['cli/bin.cjs', 'audit-log', ...args], {
        cwd: ROOT,
        env,
      });
      // An exit code other than 0 shows in what was printed.
      return run.then(
        ({ stdout }) => stdout,
        ({ stdout, stderr }) => `${stdout}${stderr}`,
      );
    }

    test('is signed on the next day by the digest function', async () => {
      const { invoke, keys } = scene();
      const yesterday = dayOf(Date.now() - DAY_MS);
      await storeIncidentOfYesterday(scene());

      expect(await invoke('digest')).toEqual({ failed: false, payload: { days: [yesterday] } });

      // The day's digest, and the one shard that it needs.
      expect(await keys('digests/')).toHaveLength(2);
    });

    test('is verified with the public key of the stack', async () => {
      const { bucket, stack } = scene();
      await writeFile(key, await auditLog('key', stack.output('AuditKeyArn')));

      const printed = await auditLog('verify', `s3://${bucket}`, '--key', key);

      expect(printed).toMatch(/1 digest/);
    });

    test('shows an incident and makes a report', async () => {
      const { bucket, leak, invoke } = scene();
      const { api_key_id, service_user_id, token } = leak({ key: { name: 'of the report' } });
      await invoke('revoke', { token });
      const [day, page] = [dayOf(Date.now()), join(folder, 'report.html')];

      const shown = await auditLog('show', api_key_id, '--in', `s3://${bucket}`);
      await auditLog('report', '--from', day, '--to', day, '--in', `s3://${bucket}`, '-o', page);

      expect(shown).toContain(api_key_id);
      expect(shown).toContain('revoked');
      // The page is for people: it has the key by its name.
      expect(await readFile(page, 'utf8')).toContain(
        `<code>of the report</code> of <code>${service_user_id}</code>`,
      );
    });
  });
}

/** A copy of an incident of today, all of whose times, those of its storage included, are a day earlier. */
async function storeIncidentOfYesterday(scene: Scene): Promise<void> {
  const { bucket, emulator, invoke, leak, outcomeOf, records, stack } = scene;
  const { api_key_id, token } = leak();
  await invoke('revoke', { token });
  const folder = (await outcomeOf(api_key_id)).key.replace(/[^/]+$/, '');
  for (const { key, record } of await records(folder)) {
    const copy = key.replace(/date=[\d-]+/, `date=${dayOf(Date.now() - DAY_MS)}`);
    const Body = JSON.stringify(record, (_, value) => dayEarlier(value));
    await stack.aws.s3.send(new PutObjectCommand({ Bucket: bucket, Key: copy, Body, IfNoneMatch: '*' }));
    await emulator.age({ bucket, prefix: copy }, DAY_MS / 1_000);
  }
}

function dayEarlier(value: unknown): unknown {
  if (typeof value === 'number' && Math.abs(value - Date.now()) < DAY_MS / 2) return value - DAY_MS;
  const isTime = typeof value === 'string' && /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value);
  return isTime ? new Date(Date.parse(value) - DAY_MS).toISOString() : value;
}
