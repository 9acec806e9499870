import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { formatHead } from '../../../lib/audit/digest/format.ts';
import { type AuditLog, threeDays } from '../../support/audit-log.ts';
import { copyLog } from '../../support/copy-log.ts';
import { readPage, rows } from '../../support/pages.ts';
import { runCli } from '../../support/run-cli.ts';
import { TAMPERINGS } from '../../support/tampered-log.ts';

// What an insider may do to the bucket, with every permission in the account except for the private key, and whether `verify`
// finds it: by what is in the bucket, and with the heads that were collected outside. The table of docs/audit-log.md is this.

interface Expected {
  readonly alone: RegExp | 'not found';
  readonly withHeads: RegExp;
}

const REPLACED = /digest\.jsonl {2}is replaced: the head that was collected is [0-9a-f]{64}/;
const GONE = /digest\.jsonl {2}is missing: its head was collected/;
const found = (pattern: RegExp): Expected => ({ alone: pattern, withHeads: pattern });

const EXPECTED: Readonly<Record<string, Expected>> = {
  'change a record': found(/90-outcome\.json {2}is replaced: no digest lists the version/),
  'remove a record': found(/10-intent\.json {2}is missing: the digest of 2026-07-30 lists it/),
  'add a record': found(/90-outcome\.json {2}is added: no digest lists it/),
  'replace a record by a newer version': found(/90-outcome\.json {2}is replaced: it has 2 versions/),
  'hide a record behind a delete marker': found(/90-outcome\.json {2}is deleted: a delete marker hides it/),
  'remove an incident with the digests from its day on': {
    alone: /date=2026-07-31\/digest\.jsonl {2}was signed late, at 2026-08-03T00:30/,
    withHeads: REPLACED,
  },
  'the same, explained by --missed-runs': { alone: 'not found', withHeads: REPLACED },
  "the same with the last day's, within a day": { alone: 'not found', withHeads: REPLACED },
  'cut off the digests at the end': {
    alone: /date=2026-08-01\/digest\.jsonl {2}is missing: there is no digest of 2026-08-01/,
    withHeads: GONE,
  },
  'wipe everything and go on': { alone: 'not found', withHeads: GONE },
  'two digests of one day': found(/digest\.jsonl {2}is replaced or deleted: it has more than one version/),
  'a digest signed by a foreign key': {
    alone: /digest\.jsonl {2}is not signed with the given key/,
    withHeads: REPLACED,
  },
  'a changed key id': {
    alone: /digest\.jsonl {2}names the key arn:\S+, and the digest/,
    withHeads: REPLACED,
  },
};

let log: AuditLog | undefined;
let root = '';
afterEach(async () => {
  await log?.stop();
  rmSync(root, { recursive: true, force: true });
});

test.each(TAMPERINGS)('$name', async ({ name, tamper }) => {
  const { alone, withHeads } = EXPECTED[name] ?? expect.fail(`nothing is expected of "${name}"`);
  log = await threeDays();
  const copy = copyLog(log);
  root = copy.root;
  const heads = join(root, 'heads.txt');
  writeFileSync(heads, log.heads.map(formatHead).join('\n'));
  const verify = (...args: string[]) =>
    runCli(['audit-log', 'verify', `s3://${log?.bucket}`, '--key', copy.keyFile, ...args], {
      env: log?.sandbox.env() ?? {},
      now: log?.now,
    });
  expect((await verify('--expect-head', heads)).code).toBe(0);

  await tamper(log);
  const excuse = name.includes('--missed-runs') ? ['--missed-runs', '2026-07-31..2026-08-02'] : [];
  const byItself = await verify(...excuse);
  const withCollected = await verify(...excuse, '--expect-head', heads);

  if (alone === 'not found') expect(byItself.code).toBe(0);
  else expect(byItself).toMatchObject({ code: 1, stdout: expect.stringMatching(alone) });
  expect(withCollected).toMatchObject({ code: 1, stdout: expect.stringMatching(withHeads) });
});

test('docs/audit-log.md has this table', () => {
  const expected = Object.entries(EXPECTED).map(([name, { alone }]) => [
    name,
    alone === 'not found' ? 'no' : 'yes',
    'yes',
  ]);

  expect(Object.keys(EXPECTED)).toEqual(TAMPERINGS.map(({ name }) => name));
  expect(rows(readPage('docs/audit-log.md'), 'what an insider may do')).toEqual(expected);
});
