import { generateKeyPairSync, sign } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { readDigest, textToSign, writeDigest } from '../../../lib/audit/digest/format.ts';
import { captureOutput } from '../../support/load-handler.ts';
import { readPage, rows } from '../../support/pages.ts';
import { runCli } from '../../support/run-cli.ts';
import { at, type SignedLog, signedLog } from '../../support/signed-log.ts';

// What an insider may do to the bucket, with every permission in the account except for the private key, and whether `verify`
// finds it: by what is in the bucket, and with the heads that were collected outside. The table of docs/audit-log.md is this.

const DAYS = ['2026-07-30', '2026-07-31', '2026-08-01'] as const;
const NOW = at('2026-08-02', '03:00:00');

const digestOf = (day: string) => `digests/date=${day}/digest.jsonl`;
const recordsOf = (log: SignedLog, day: string) => log.keys(`records/date=${day}/`);
const outcomeOf = (log: SignedLog, day: string) =>
  recordsOf(log, day).find((key) => key.endsWith('90-outcome.json')) ?? expect.fail(`no outcome on ${day}`);

async function eraseAll(log: SignedLog, ...prefixes: string[]): Promise<void> {
  for (const prefix of prefixes) for (const key of log.keys(prefix)) await log.erase(key);
}

async function replace(log: SignedLog, key: string, text: string): Promise<void> {
  await log.erase(key);
  await log.overwrite(key, text);
}

interface Tampering {
  readonly what: string;
  /** @returns when to verify, if not at the usual time, epoch milliseconds */
  readonly act: (log: SignedLog) => Promise<number | undefined>;
  readonly alone: RegExp | 'not found';
  readonly withHeads: RegExp;
}

const done = undefined;
const matrix: readonly Tampering[] = [
  {
    what: 'change a record',
    act: async (log) => {
      const key = outcomeOf(log, DAYS[1]);
      await replace(log, key, log.text(key).replace('"High"', '"Low"'));
      return done;
    },
    alone: /90-outcome\.json {2}is replaced: no digest lists the version/,
    withHeads: /90-outcome\.json {2}is replaced/,
  },
  {
    what: 'remove a record',
    act: async (log) => {
      await log.erase(outcomeOf(log, DAYS[1]));
      return done;
    },
    alone: /90-outcome\.json {2}is missing: the digest of 2026-07-31 lists it/,
    withHeads: /90-outcome\.json {2}is missing/,
  },
  {
    what: 'hide a record behind a delete marker',
    act: async (log) => {
      await log.hide(outcomeOf(log, DAYS[1]));
      return done;
    },
    alone: /90-outcome\.json {2}is deleted: a delete marker hides it/,
    withHeads: /90-outcome\.json {2}is deleted/,
  },
  {
    what: 'add a record to a signed day',
    act: async (log) => {
      const key = outcomeOf(log, DAYS[1]);
      await log.overwrite(key.replace('console/', 'console/forged-'), log.text(key));
      return done;
    },
    alone: /90-outcome\.json {2}(?:is added|claims the time)/,
    withHeads: /90-outcome\.json {2}(?:is added|claims the time)/,
  },
  {
    what: 'replace a record by a version',
    act: async (log) => {
      const key = outcomeOf(log, DAYS[1]);
      await log.overwrite(key, log.text(key).replace('"High"', '"Low"'));
      return done;
    },
    alone: /90-outcome\.json {2}is replaced: it has 2 versions/,
    withHeads: /90-outcome\.json {2}is replaced: it has 2 versions/,
  },
  {
    what: 'remove a report with the digests of its day and later, which are then signed again',
    act: async (log) => {
      await eraseAll(log, `records/date=${DAYS[1]}/`, `digests/date=${DAYS[1]}/`, `digests/date=${DAYS[2]}/`);
      await log.sign(at('2026-08-04', '00:30:00'));
      return at('2026-08-04', '03:00:00');
    },
    alone: /date=2026-07-31\/digest\.jsonl {2}was signed late, at 2026-08-04T00:30/,
    withHeads: /date=2026-07-31\/digest\.jsonl {2}is replaced: the head that was collected/,
  },
  {
    what: 'the same, and explain it by missing runs',
    act: async (log) => {
      await eraseAll(log, `records/date=${DAYS[1]}/`, `digests/date=${DAYS[1]}/`, `digests/date=${DAYS[2]}/`);
      await log.sign(at('2026-08-04', '00:30:00'));
      return at('2026-08-04', '03:00:00');
    },
    alone: 'not found',
    withHeads: /date=2026-07-31\/digest\.jsonl {2}is replaced: the head that was collected/,
  },
  {
    what: 'the same with the last day, within a day of its end',
    act: async (log) => {
      await eraseAll(log, `records/date=${DAYS[2]}/`, `digests/date=${DAYS[2]}/`);
      await log.sign(at('2026-08-02', '02:30:00'));
      return done;
    },
    alone: 'not found',
    withHeads: /date=2026-08-01\/digest\.jsonl {2}is replaced: the head that was collected/,
  },
  {
    what: 'cut off the end',
    act: async (log) => {
      await eraseAll(log, `records/date=${DAYS[2]}/`, `digests/date=${DAYS[2]}/`);
      return done;
    },
    alone: /date=2026-08-01\/digest\.jsonl {2}is missing: there is no digest of 2026-08-01/,
    withHeads: /date=2026-08-01\/digest\.jsonl {2}is missing: its head was collected/,
  },
  {
    what: 'wipe everything and go on',
    act: async (log) => {
      await eraseAll(log, '');
      await log.leakOn('2026-08-02');
      await log.sign(at('2026-08-03', '00:30:00'));
      return at('2026-08-03', '03:00:00');
    },
    alone: 'not found',
    withHeads: /date=2026-07-30\/digest\.jsonl {2}is missing: its head was collected/,
  },
  {
    what: 'put a second digest over one',
    act: async (log) => {
      await log.overwrite(digestOf(DAYS[1]), log.text(digestOf(DAYS[1])));
      return done;
    },
    alone: /date=2026-07-31\/digest\.jsonl {2}is replaced or deleted: it has more than one version/,
    withHeads: /date=2026-07-31\/digest\.jsonl {2}is replaced or deleted/,
  },
  {
    what: 'sign the last digest with a foreign key',
    act: async (log) => {
      const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const key = digestOf(DAYS[2]);
      const file = readDigest(log.text(key)) ?? expect.fail('no digest');
      const signature = sign('sha256', Buffer.from(textToSign(key, file.line)), privateKey).toString(
        'base64',
      );
      await replace(log, key, writeDigest(file.line, { ...file.signature, signature }));
      return done;
    },
    alone: /date=2026-08-01\/digest\.jsonl {2}is not signed with the given key/,
    withHeads: /date=2026-08-01\/digest\.jsonl {2}is replaced: the head that was collected/,
  },
  {
    what: 'change the key id of the last digest',
    act: async (log) => {
      const key = digestOf(DAYS[2]);
      const file = readDigest(log.text(key)) ?? expect.fail('no digest');
      await replace(
        log,
        key,
        writeDigest(file.line, { ...file.signature, key_id: 'arn:aws:kms:::key/another' }),
      );
      return done;
    },
    alone: /date=2026-08-01\/digest\.jsonl {2}names the key arn:aws:kms:::key\/another/,
    withHeads: /date=2026-08-01\/digest\.jsonl {2}is replaced: the head that was collected/,
  },
];

let log: SignedLog | undefined;
afterEach(async () => {
  vi.restoreAllMocks();
  await log?.stop();
  log = undefined;
});

test.each(matrix)('$what', async ({ act, alone, what, withHeads }) => {
  captureOutput();
  log = await signedLog();
  const heads: string[] = [];
  for (const [index, day] of DAYS.entries()) {
    await log.leakOn(day);
    await log.sign(at(DAYS[index + 1] ?? '2026-08-02', '00:30:00'));
    heads.push(log.heads().at(-1) ?? '');
  }
  const now = (await act(log)) ?? NOW;
  vi.restoreAllMocks();
  const { env } = log.sandbox;
  const args = ['audit-log', 'verify', 's3://devin-key-revoker-audit', '--key', log.keyFile];
  const missed = what.includes('missing runs') ? ['--missed-runs', `${DAYS[1]}..2026-08-03`] : [];
  const file = join(log.copy(), 'heads.txt');
  writeFileSync(file, heads.join('\n'));

  const byItself = await runCli([...args, ...missed], { env: env(), now });
  const withCollected = await runCli([...args, ...missed, '--expect-head', file], { env: env(), now });

  if (alone === 'not found') expect(byItself.code).toBe(0);
  else expect(byItself).toMatchObject({ code: 1, stdout: expect.stringMatching(alone) });
  expect(withCollected).toMatchObject({ code: 1, stdout: expect.stringMatching(withHeads) });
});

test('docs/audit-log.md has this table', () => {
  const expected = matrix.map(({ alone, what }) => [what, alone === 'not found' ? 'no' : 'yes', 'yes']);

  expect(rows(readPage('docs/audit-log.md'), 'an insider may')).toEqual(expected);
});
