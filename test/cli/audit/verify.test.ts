import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { appendFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { actRecord } from '../../../lib/audit/act-record.ts';
import { formatHead } from '../../../lib/audit/digest/format.ts';
import { ACKNOWLEDGED } from '../../../lib/audit/record-path.ts';
import { type AuditLog, atTime, emptyLog, LOG_DAYS, threeDays } from '../../support/audit-log.ts';
import { copyLog, type LogCopy } from '../../support/copy-log.ts';
import { readPage } from '../../support/pages.ts';
import { runCli } from '../../support/run-cli.ts';
import { context } from '../../support/samples.ts';

const DAYS = LOG_DAYS;
const BUCKET = 's3://devin-key-revoker-audit';

let log: Awaited<ReturnType<typeof threeDays>>;
let copy: LogCopy;
let folder: string;

beforeAll(async () => {
  log = await threeDays();
  log.output.restore();
});
afterAll(() => log.stop());
beforeEach(() => {
  copy = copyLog(log);
  folder = copy.folder;
});
afterEach(() => rmSync(copy.root, { recursive: true, force: true }));

const keys = ({ sandbox }: AuditLog, prefix: string) => sandbox.s3.objects(prefix).map(({ key }) => key);
const lastHead = () => formatHead(log.heads.at(-1) ?? expect.fail('no head'));

const check = (where: string, ...args: string[]) =>
  runCli(['audit-log', 'verify', where, '--key', copy.keyFile, ...args], {
    env: log.sandbox.env(),
    now: log.now,
  });

/** The findings of a level, without it. */
async function findings(level: 'BREAK' | 'OPEN' | 'NOTE', where = folder): Promise<string[]> {
  const { stdout } = await check(where);
  return stdout
    .split('\n')
    .flatMap((line) => (line.startsWith(`${level}  `) ? [line.slice(level.length + 2)] : []));
}

const digestOf = (day: string) => `digests/date=${day}/digest.jsonl`;
const recordOf = (day: string, name = '90-outcome'): string =>
  keys(log, `records/date=${day}/`).find((key) => key.endsWith(`/${name}.json`)) ??
  expect.fail(`no ${name} on ${day}`);
const edit = (key: string, change: (text: string) => string) =>
  writeFileSync(join(folder, key), change(readFileSync(join(folder, key), 'utf8')));

describe('a log that nobody touched', () => {
  test.each(['the bucket', 'a copy'])('is fine in %s', async (where) => {
    const result = await check(where === 'a copy' ? folder : BUCKET);

    expect(result).toEqual({
      code: 0,
      stderr: '',
      stdout: expect.stringMatching(
        /^KIND +FILES +NEWER\nintent +6 +0\noutcome +3 +0\n(?:tokens.*\n)?head {2}2026-08-01:[0-9a-f]{64}\nno break, nothing open: 3 digests, \d files, 0 newer than the last digest\n$/,
      ),
    });
  });

  test('has the heads that were collected', async () => {
    expect((await check(BUCKET, '--expect-head', lastHead())).code).toBe(0);
    const file = join(folder, '..', 'heads.txt');
    writeFileSync(file, `mail of today: digest signed, head ${log.heads.map(formatHead).join('\nhead ')}\n`);

    expect((await check(BUCKET, '--expect-head', file)).code).toBe(0);
  });

  test('says so to programs', async () => {
    const { stdout } = await check(folder, '--json');

    expect(JSON.parse(stdout)).toMatchObject({
      verdict: 'fine',
      exit_code: 0,
      digests: 3,
      head: lastHead(),
      files: { intent: { files: 6, newer: 0 }, outcome: { files: 3, newer: 0 } },
      counts: { break: 0, open: 0, note: 0 },
      findings: [],
    });
  });
});

describe('the verdicts are apart', () => {
  test('an empty log is nothing to verify', async () => {
    for (const name of ['records', 'digests', 'index', 'state', 'tokens'])
      rmSync(join(folder, name), { recursive: true, force: true });

    expect(await check(folder)).toEqual({
      code: 2,
      stderr: '',
      stdout: 'nothing to verify, the log is empty: 0 digests, 0 files, 0 newer than the last digest\n',
    });
  });

  test('an empty log is a break where a head was collected', async () => {
    for (const name of ['records', 'digests', 'tokens'])
      rmSync(join(folder, name), { recursive: true, force: true });
    const { code, stdout } = await check(folder, '--expect-head', lastHead());

    expect(code).toBe(1);
    expect(stdout).toContain(`BREAK  ${digestOf(DAYS[2])}  is missing: its head was collected`);
  });

  test('the first day is no break, since no digest is due', async () => {
    rmSync(join(folder, 'digests'), { recursive: true });
    for (const day of DAYS.slice(0, 2)) rmSync(join(folder, `records/date=${day}`), { recursive: true });
    const { code, stdout } = await runCli(['audit-log', 'verify', folder, '--key', copy.keyFile], {
      now: atTime(DAYS[2], '18:00:00'),
    });

    expect(code).toBe(2);
    expect(stdout).toContain('nothing to verify, no day is signed yet');
    expect(stdout).not.toContain('BREAK');
  });

  test('records without a digest that is due are a break', async () => {
    rmSync(join(folder, 'digests'), { recursive: true });

    expect(await findings('BREAK')).toEqual([
      `${digestOf(DAYS[0])}  is missing: there is no digest of 2026-07-30 to 2026-08-01`,
    ]);
  });

  test('an intent without an outcome is open work, until a person acknowledges it', async () => {
    const other = await emptyLog();
    await other.leakAt(atTime(DAYS[0], '12:00:00'));
    // As if the function had died before it, for good.
    const outcome = keys(other, 'records/').find((key) => key.endsWith('90-outcome.json'));
    other.sandbox.s3.owner.erase(outcome ?? expect.fail('no outcome'));
    await other.digestAt(atTime(DAYS[1], '00:30:00'));
    other.output.restore();
    const { keyFile, root } = copyLog(other);
    const run = () =>
      runCli(['audit-log', 'verify', BUCKET, '--key', keyFile], {
        env: other.sandbox.env(),
        now: atTime(DAYS[1], '03:00:00'),
      });
    const open = await run();

    expect(open.code).toBe(3);
    expect(open.stdout).toMatch(
      /^OPEN {2}records\/.*10-intent.json {2}is an intent, and its report has no outcome$/m,
    );
    expect(open.stdout).toMatch(/^no break, 1 open: 1 digest/m);

    const [intent = ''] = keys(other, 'records/');
    const id = /^records\/[^/]*\/(.*)\/[^/]*$/.exec(intent)?.[1] ?? '';
    const act = {
      act: 'acknowledge',
      subject: id,
      reason: 'the key was revoked by hand',
      time: atTime(DAYS[1], '02:00:00'),
    } as const;
    const record = actRecord(act, { id, name: ACKNOWLEDGED }, context);
    const path = intent.replace('10-intent', ACKNOWLEDGED);
    other.sandbox.s3.owner.write(other.bucket, path, JSON.stringify(record), act.time);

    expect((await run()).code).toBe(0);
    await other.stop();
    rmSync(root, { recursive: true });
  });
});

describe('a break', () => {
  test('is a record that is changed by one byte', async () => {
    const key = recordOf(DAYS[1]);
    edit(key, (text) => text.replace('"High"', '"high"'));

    expect(await findings('BREAK')).toEqual([
      `${key}  is changed: its hash is not the one in the digest of 2026-07-31`,
      expect.stringContaining(`${key}  is not an OCSF 7001 event`),
    ]);
    expect((await check(folder)).code).toBe(1);
  });

  test('is a record that is removed', async () => {
    const key = recordOf(DAYS[0], '10-intent');
    rmSync(join(folder, key));

    expect(await findings('BREAK')).toEqual([
      `${key}  is missing: the digest of 2026-07-30 lists it`,
      `${recordOf(DAYS[0])}  says revoked without an intent`,
    ]);
  });

  test('is an outcome that says revoked without a proof', async () => {
    const key = recordOf(DAYS[2]);
    edit(key, (text) => {
      const { unmapped, ...record } = JSON.parse(text);
      const { proof: _proof, ...rest } = unmapped;
      return JSON.stringify({ ...record, unmapped: rest });
    });

    expect(await findings('BREAK')).toContain(`${key}  says revoked without a proof`);
  });

  test('is a shard that is changed, and what it listed is not called added', async () => {
    const key = `digests/date=${DAYS[1]}/shard-000001.jsonl`;
    appendFileSync(join(folder, key), ' ');

    expect(await findings('BREAK')).toEqual([
      `${key}  is changed: its hash is not the one in the digest of 2026-07-31`,
    ]);
  });

  test('is a digest that is missing in the middle', async () => {
    rmSync(join(folder, `digests/date=${DAYS[1]}`), { recursive: true });

    expect(await findings('BREAK')).toEqual([
      `${digestOf(DAYS[1])}  is missing: ${digestOf(DAYS[2])} comes after ${digestOf(DAYS[0])}`,
    ]);
  });

  test('is a digest that is missing at the beginning', async () => {
    rmSync(join(folder, `digests/date=${DAYS[0]}`), { recursive: true });

    expect(await findings('BREAK')).toEqual([
      `${digestOf(DAYS[0])}  is missing: ${digestOf(DAYS[1])} names it as the digest before it`,
    ]);
  });

  test('is a file among the digests that no digest names', async () => {
    writeFileSync(join(folder, `digests/date=${DAYS[0]}/shard-000009.jsonl`), '{}\n');
    writeFileSync(join(folder, 'digests/note.txt'), 'hello');

    expect(await findings('BREAK')).toEqual(
      [
        `digests/note.txt  is no part of a digest`,
        `digests/date=${DAYS[0]}/shard-000009.jsonl  is added: ${digestOf(DAYS[0])} does not name it`,
      ].sort((a, b) => Number(b.includes('note')) - Number(a.includes('note'))),
    );
  });
});

describe('a run that was interrupted', () => {
  test('goes on where it was, with what it found', async () => {
    const state = join(folder, '..', 'resume.json');
    edit(recordOf(DAYS[0]), (text) => text.replace('"High"', '"high"'));
    const whole = await check(folder);
    const checkpoint = await interrupted(state);
    const resumed = await check(folder, '--resume', state);

    expect(checkpoint).toContain(DAYS[0]);
    expect(resumed).toEqual(whole);
    expect(() => readFileSync(state)).toThrow('ENOENT');
  });

  test('checks the digests anew: one that was changed meanwhile, and a wrong key', async () => {
    const state = join(folder, '..', 'resume.json');
    await interrupted(state);
    edit(digestOf(DAYS[0]), (text) => text.replace('"anomalies":0', '"anomalies":1'));
    const changed = await check(folder, '--resume', state);

    copy = copyLog(log);
    folder = copy.folder;
    const foreign = join(folder, '..', 'resume.json');
    await interrupted(foreign);
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    writeFileSync(copy.keyFile, publicKey.export({ type: 'spki', format: 'pem' }));
    const wrongKey = await check(folder, '--resume', foreign);

    expect(changed).toMatchObject({ code: 1 });
    expect(changed.stdout).toContain(`BREAK  ${digestOf(DAYS[0])}  is not signed with the given key`);
    expect(wrongKey).toMatchObject({ code: 1 });
    expect(wrongKey.stdout).toContain(`BREAK  ${digestOf(DAYS[2])}  is not signed with the given key`);
  });

  /** The state after the first day, as a run leaves it that is killed then. */
  async function interrupted(state: string): Promise<string> {
    const { verify } = await import('../../../cli/audit/verify/verify.ts');
    const { folderSource } = await import('../../../cli/audit/log/folder-source.ts');
    const { checkpointFile } = await import('../../../cli/audit/verify/checkpoint.ts');
    const { readRules } = await import('../../../cli/audit/log-rules.ts');
    const source = folderSource(folder);
    let position = '';
    const failing = {
      ...source,
      read: (key: string) =>
        key.startsWith(`records/date=${DAYS[2]}`) ? Promise.reject(new Error('killed')) : source.read(key),
    };
    const file = checkpointFile(state);
    const checkpoints = {
      ...file,
      save: async (checkpoint: Parameters<typeof file.save>[0]) => {
        position = checkpoint.position;
        await file.save(checkpoint);
      },
    };
    const rules = await readRules(copy.keyFile, {});
    await expect(
      verify(failing, {
        ...rules,
        until: DAYS[2],
        now: log.now,
        where: folder,
        checkpoints,
        checkpointEvery: 0,
        onProgress: () => undefined,
      }),
    ).rejects.toThrow('killed');
    return position;
  }
});

describe('without this software', () => {
  /** The commands of the docs, on the digest and a record of a day of the copy. */
  function byHand(day: string, record: string): string {
    const { text } = readPage('docs/audit-log.md');
    const script =
      /^Without this software.*?^```sh\n(.*?)^```/ms.exec(text)?.[1] ?? expect.fail('no commands');
    const env = { ...process.env, day, record, key_file: copy.keyFile };
    return execFileSync('bash', ['-euc', script], { cwd: folder, env, encoding: 'utf8', stdio: 'pipe' });
  }

  test('the commands of the docs prove a digest, its place in the chain, its shards and a record', () => {
    expect(byHand(DAYS[1], recordOf(DAYS[1])).trim().split('\n')).toEqual([
      'Verified OK',
      `${digestOf(DAYS[0])}: OK`,
      `digests/date=${DAYS[1]}/shard-000001.jsonl: OK`,
      `${recordOf(DAYS[1])}: OK`,
    ]);
  });

  test.each([
    ['the digest', () => digestOf(DAYS[1])],
    ['the digest before it', () => digestOf(DAYS[0])],
    ['a shard', () => `digests/date=${DAYS[1]}/shard-000001.jsonl`],
    ['the record', () => recordOf(DAYS[1])],
  ])('they fail when %s is changed', (_, key) => {
    edit(key(), (text) => text.replace(/\d/, (digit) => String((Number(digit) + 1) % 10)));

    expect(() => byHand(DAYS[1], recordOf(DAYS[1]))).toThrow('Command failed');
  });
});

test('a key gives its public half', async () => {
  expect(await runCli(['audit-log', 'key', log.sandbox.kms.keyArn], { env: log.sandbox.env() })).toEqual({
    code: 0,
    stdout: log.publicKey,
    stderr: '',
  });
});

test.each([
  ['a folder that is not there', ['/nowhere'], '/nowhere is not a folder'],
  [
    'a head that is none',
    ['.', '--expect-head', '2026-07-30:abc'],
    'the file 2026-07-30:abc of --expect-head cannot be read',
  ],
  ['missed runs in the wrong order', ['.', '--missed-runs', '2026-07-30..2026-07-29'], 'is after'],
])('refuses %s', async (_, args, message) => {
  const { code, stderr } = await check(args[0] ?? '', ...args.slice(1));

  expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(message) });
});
