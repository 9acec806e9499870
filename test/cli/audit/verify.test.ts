import { generateKeyPairSync, sign } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { run } from '../../../cli/audit/main.ts';
import { readDigest, textToSign, writeDigest } from '../../../lib/audit/digest/digest.ts';
import { awsEnvironment } from '../../../lib/aws/environment.ts';
import { s3AuditStore } from '../../../lib/aws/write-once-bucket.ts';
import { type Sandbox, startSandbox } from '../../../sandbox/index.ts';
import { captureOutput, lambdaContext, loadHandler } from '../../support/load-handler.ts';

const DAYS = ['2026-07-30', '2026-07-31', '2026-08-01'] as const;
const at = (day: string, time: string) => Date.parse(`${day}T${time}.000Z`);
/** After the last digest was due, and before the next one is. */
const NOW = at('2026-08-02', '03:00:00');

let sandbox: Sandbox;
let pristine: string;
let folder: string;
let keyFile: string;

/** Three days with a leak each, then the daily function; and a copy of the bucket in a folder. */
beforeAll(async () => {
  captureOutput();
  pristine = mkdtempSync(join(tmpdir(), 'audit-'));
  keyFile = join(pristine, '..', `${pristine.split('/').at(-1)}.pem`);
  sandbox = await startSandbox({ sqs: false });
  writeFileSync(keyFile, sandbox.kms.publicKeyPem);
  vi.useFakeTimers({ toFake: ['Date'] });
  for (const day of DAYS) {
    await leakOn(day);
    // The days before are digested on the second day; the run of the third day backfills the missed days.
    if (day === DAYS[1]) await digestAt(at(day, '23:59:00'));
  }
  await digestAt(at('2026-08-02', '00:30:00'));
  vi.useRealTimers();
  vi.restoreAllMocks();
  for (const { body, key } of sandbox.s3.objects()) {
    const path = join(pristine, key);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, body);
  }
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await sandbox.stop();
  rmSync(pristine, { recursive: true, force: true });
  rmSync(keyFile);
});
afterEach(() => {
  if (folder) rmSync(folder, { recursive: true, force: true });
});

async function leakOn(day: string): Promise<void> {
  vi.setSystemTime(at(day, '12:00:00'));
  const { api_key_id, service_user_id } = sandbox.leak();
  const handler = await loadHandler('revoke', { ...sandbox.env(), LEAK_QUEUE_URL: '' });
  await handler({ service_user_id, api_key_id }, timely());
}

async function digestAt(time: number) {
  vi.setSystemTime(time);
  return (await loadHandler('digest', { ...sandbox.env(), LEAK_QUEUE_URL: '' }))({}, timely());
}
const timely = () => lambdaContext({ getRemainingTimeInMillis: () => 60_000 });

const check = (where: string, key = keyFile) => run(['verify', where, '--key', key], sandbox.env(), NOW);

/** Verifies a copy of the log that somebody changed. @returns the breaks that are named */
async function breaksAfter(tamper: (file: (key: string) => string) => void): Promise<string[]> {
  folder = mkdtempSync(join(tmpdir(), 'audit-changed-'));
  cpSync(pristine, folder, { recursive: true });
  tamper((key) => join(folder, key));
  const { exitCode, text } = await check(folder);
  const breaks = text.split('\n').flatMap((line) => (line.startsWith('BREAK  ') ? [line.slice(7)] : []));
  expect(exitCode).toBe(breaks.length > 0 ? 1 : 0);
  return breaks;
}

const digestOf = (day: string) => `digests/date=${day}/digest.jsonl`;
const recordOf = (day: string, name = '90-outcome'): string => {
  const found = sandbox.s3.objects(`records/date=${day}/`).find(({ key }) => key.endsWith(`/${name}.json`));
  if (found === undefined) throw new Error(`no ${name} on ${day}`);
  return found.key;
};
const edit = (path: string, change: (text: string) => string) =>
  writeFileSync(path, change(readFileSync(path, 'utf8')));

describe('verify', () => {
  test('finds no break in a log that nobody touched, in the bucket and in a copy', async () => {
    const expected = {
      text: 'no break: 3 digests, 9 records, 0 files newer than the last digest\n',
      exitCode: 0,
    };

    expect(await check('s3://devin-key-revoker-audit')).toEqual(expected);
    expect(await check(pristine)).toEqual(expected);
  });

  test('leaves out what is replaced: the registry, and experiments in progress', async () => {
    expect(
      await breaksAfter((file) => {
        for (const key of [`registry/${'0'.repeat(64)}.json`, 'experiments/service-user-a.json']) {
          mkdirSync(dirname(file(key)), { recursive: true });
          // Of a time long before the last digest.
          writeFileSync(file(key), JSON.stringify({ time: at(DAYS[0], '12:00:00'), unmapped: {} }));
        }
      }),
    ).toEqual([]);
    const listed = DAYS.flatMap((day) => {
      const digest = readDigest(readFileSync(join(pristine, `digests/date=${day}/digest.jsonl`), 'utf8'));
      return digest?.digest.objects.map(({ key }) => key.split('/')[0]) ?? [];
    });
    expect(new Set(listed)).toEqual(new Set(['records']));
  });

  test('finds a record that is changed by one byte', async () => {
    const key = recordOf(DAYS[1]);

    expect(await breaksAfter((file) => edit(file(key), (text) => text.replace('"High"', '"high"')))).toEqual([
      `${key}  is changed: its hash is not the one in the digest of 2026-07-31`,
      expect.stringContaining(`${key}  is not an OCSF 7001 event`),
    ]);
  });

  test('finds a record that is removed', async () => {
    const key = recordOf(DAYS[0], '10-intent');

    expect(await breaksAfter((file) => rmSync(file(key)))).toEqual([
      `${key}  is missing: the digest of 2026-07-30 lists it`,
      `${recordOf(DAYS[0])}  says revoked without an intent`,
    ]);
  });

  test('finds a record that is added later', async () => {
    const key = recordOf(DAYS[0]).replace('console/', 'console/forged-');
    const breaks = await breaksAfter((file) => {
      mkdirSync(dirname(file(key)));
      const text = readFileSync(file(recordOf(DAYS[0])), 'utf8');
      writeFileSync(file(key), text.replace('"outcome"', '"outcome","intent_stored":false'));
    });

    expect(breaks).toEqual([
      `${key}  is added: no digest lists it, yet it claims to be older than the last one`,
    ]);
  });

  test('finds two digests that are swapped', async () => {
    const breaks = await breaksAfter((file) => {
      renameSync(file(digestOf(DAYS[0])), file('kept'));
      renameSync(file(digestOf(DAYS[1])), file(digestOf(DAYS[0])));
      renameSync(file('kept'), file(digestOf(DAYS[1])));
    });

    expect(breaks).toContain(`${digestOf(DAYS[0])}  is the digest of 2026-07-31, under the wrong key`);
    expect(breaks).toContain(`${digestOf(DAYS[1])}  is the digest of 2026-07-30, under the wrong key`);
  });

  test('finds a digest that is signed again with another key', async () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const key = digestOf(DAYS[2]);
    const breaks = await breaksAfter((file) =>
      edit(file(key), (text) => {
        const digest = readDigest(text);
        if (digest === undefined) throw new Error('not a digest');
        const signature = sign('sha256', Buffer.from(textToSign(key, digest.line)), privateKey);
        return writeDigest(digest.line, { ...digest.signature, signature: signature.toString('base64') });
      }),
    );

    expect(breaks).toEqual([`${key}  is not signed with the given key`]);
  });

  test('finds a day that is missing, in the middle and at the end', async () => {
    expect(await breaksAfter((file) => rmSync(file(digestOf(DAYS[1]))))).toContain(
      `${digestOf(DAYS[1])}  is missing: ${digestOf(DAYS[2])} comes after ${digestOf(DAYS[0])}`,
    );
    expect(await breaksAfter((file) => rmSync(file(digestOf(DAYS[2]))))).toContain(
      `${digestOf(DAYS[2])}  is missing: there is no digest of 2026-08-01`,
    );
    expect(await breaksAfter((file) => rmSync(file(digestOf(DAYS[0]))))).toContain(
      `${digestOf(DAYS[0])}  is missing: ${digestOf(DAYS[1])} names it as the previous digest`,
    );
  });

  test('finds an intent without an outcome', async () => {
    const key = recordOf(DAYS[2]);

    expect(await breaksAfter((file) => rmSync(file(key)))).toEqual([
      `${key}  is missing: the digest of 2026-08-01 lists it`,
      `${recordOf(DAYS[2], '10-intent')}  is an intent without an outcome`,
    ]);
  });

  test('finds an outcome that says revoked without a proof', async () => {
    const key = recordOf(DAYS[2]);
    const breaks = await breaksAfter((file) =>
      edit(file(key), (text) => {
        const { unmapped, ...record } = JSON.parse(text);
        const { proof: _proof, ...rest } = unmapped;
        return JSON.stringify({ ...record, unmapped: rest });
      }),
    );

    expect(breaks).toContain(`${key}  says revoked without a proof`);
  });

  test('finds a record that was put into the bucket with an older date', async () => {
    const other = await startSandbox({ sqs: false });
    const { body, key } = sandbox.s3.get(recordOf(DAYS[0])) ?? expect.fail('no record');
    const store = s3AuditStore(awsEnvironment(other.env()), 'devin-key-revoker-audit');
    await store.put(key, body, { deadline: Date.now() + 5_000 });
    const { text } = await run(
      ['verify', 's3://devin-key-revoker-audit', '--key', keyFile],
      other.env(),
      NOW,
    );
    await other.stop();

    expect(text).toContain(`${key}  claims the time 2026-07-30T12:00`);
  });

  test('gives the public key that it needs', async () => {
    expect(await run(['key', sandbox.kms.keyArn], sandbox.env())).toEqual({
      text: sandbox.kms.publicKeyPem,
      exitCode: 0,
    });
  });

  test.each([
    ['no command', [], 0],
    ['another command', ['destroy'], 2],
    ['no folder', ['verify'], 2],
    ['a folder that is not there', ['verify', '/nowhere', '--key', '/nowhere'], 2],
    ['an unknown option', ['verify', 'x', '--force'], 2],
  ])('explains itself when called with %s', async (_, args, exitCode) => {
    expect((await run(args, {})).exitCode).toBe(exitCode);
  });
});

describe('the daily function', () => {
  test('has nothing to do when it runs twice', async () => {
    captureOutput();
    vi.useFakeTimers({ toFake: ['Date'] });
    const again = await digestAt(at('2026-08-02', '00:45:00'));
    vi.useRealTimers();
    vi.restoreAllMocks();

    expect(again).toEqual({ days: [] });
  });

  test('puts a record that comes late into the digest of the day on which it was stored', () => {
    const digest = readDigest(sandbox.s3.get(digestOf(DAYS[1]))?.body ?? '')?.digest;

    expect(digest?.objects.map(({ key }) => key.split('/').at(-1))).toEqual([
      '10-intent.json',
      expect.stringMatching(/^30-delete-/),
      '90-outcome.json',
    ]);
    expect(digest).toMatchObject({ from: '2026-07-31T00:00:00.000Z', to: '2026-08-01T00:00:00.000Z' });
  });
});
