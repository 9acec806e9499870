import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findIncidents } from '../../../cli/audit/find-incidents.ts';
import { folderSource } from '../../../cli/audit/log/folder-source.ts';
import { relative } from '../../../cli/audit/show.ts';
import { auditRecord } from '../../../lib/audit/ocsf-record.ts';
import { serialise } from '../../../lib/audit/ocsf-schema.ts';
import { recordPath } from '../../../lib/audit/record-path.ts';
import { writeLog } from '../../support/log-folder.ts';
import { runCli } from '../../support/run-cli.ts';
import { context, LEAKED_AT, outcomes, report } from '../../support/samples.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'audit-log-'));
  writeLog(folder);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const show = (...args: string[]) => runCli(['audit-log', 'show', ...args, '--in', folder]);

describe('show', () => {
  const story = `github/acme/webshop/3/created/20260729T094109134Z: REVOKED
  key key-408091 of service-user-a1f0a1
  leaked 2026-07-29T09:41:09.134Z
     +210 ms  report received from github
     +400 ms  intent on record: revoke key-408091
      +1.1 s  proven dead by token, probe 3
      +1.3 s  alert closed
      +1.3 s  outcome: revoked: token_rejected; the token is answered 401 in a row over 0 ms, 3 probes in all
`;

  test.each([
    ['its report', 'github/acme/webshop/3/created/20260729T094109134Z'],
    ['its alert', 'acme/webshop/3'],
    ['its key', 'key-408091'],
    ['its service user', 'service-user-a1f0a1'],
  ])('prints the timeline of an incident by %s', async (_, what) => {
    expect(await show(what)).toEqual({ code: 0, stdout: story, stderr: '' });
  });

  test('prints all timelines of a day, with what is left to do', async () => {
    const { stdout: text } = await show('2026-07-29');

    expect(text.match(/^github\//gm)).toHaveLength(4);
    expect(text).toContain('NEXT: find the key and invoke the function with {"service_user_id"');
  });

  test('shows an alert that could not be closed, and an attempt that failed', async () => {
    expect((await show('acme/webshop/5')).stdout).toContain(
      'ALERT STILL OPEN: delegated dismissal is on (HTTP 403)',
    );
    expect((await show('acme/webshop/20')).stdout).toContain('attempt 1 failed: HTTP 503');
  });

  test('prints the records as they are for machines', async () => {
    const { stdout } = await show('key-408091', '--json');
    const [incident] = JSON.parse(stdout);

    expect(incident.records.map(({ status_code }: { status_code: string }) => status_code)).toEqual([
      'intent',
      'alert_closed',
      'revoked',
    ]);
  });

  test('exits with 1 when no record matches', async () => {
    expect(await show('key-unknown')).toEqual({
      code: 1,
      stdout: '',
      stderr: 'no record matches key-unknown\n',
    });
  });
});

/** A bucket that counts what is asked of it. */
function counted() {
  const asked = { lists: 0, reads: [] as string[] };
  const source = folderSource(folder);
  return {
    asked,
    source: {
      ...source,
      list: (prefix: string, after?: string) => {
        asked.lists += 1;
        return source.list(prefix, after);
      },
      read: (key: string) => {
        asked.reads.push(key);
        return source.read(key);
      },
    },
  };
}

describe('what is read', () => {
  const find = async (what: string) => {
    const { asked, source } = counted();
    for await (const _ of findIncidents(source, what, {})) {
      // What is asked for counts.
    }
    return asked;
  };

  test('is a report alone, when it is known by its id or its alert', async () => {
    for (const what of ['acme/webshop/3', 'github/acme/webshop/3/created/20260729T094109134Z']) {
      const { reads } = await find(what);

      expect(reads.map((key) => key.split('/').at(-1))).toEqual([
        '10-intent.json',
        '70-alert.json',
        '90-outcome.json',
      ]);
    }
  });

  test('is a day alone, when it is a day', async () => {
    const { reads } = await find('2026-07-29');

    expect(reads.length).toBeGreaterThan(5);
    expect(reads.every((key) => key.startsWith('records/date=2026-07-29/'))).toBe(true);
  });

  test('is one record of every other report, when it is a key', async () => {
    const { reads } = await find('key-408091');

    // 20 reports, of which two have no key in their outcome.
    expect(reads.length).toBeLessThan(30);
  });
});

test('a name that holds control characters forges no line', async () => {
  const evil = mkdtempSync(join(tmpdir(), 'audit-log-'));
  const path = recordPath(report, '90-outcome');
  const [outcome] = outcomes;
  if (outcome === undefined) throw new Error('no outcome');
  const name = 'ci\n  +1 ms  alert closed\u001b[2K\u202e';
  const record = auditRecord(
    report,
    { kind: 'outcome', outcome: { ...outcome, api_key_name: name }, intentStored: true },
    context,
    { name: '90-outcome', time: LEAKED_AT },
  );
  mkdirSync(dirname(join(evil, path)), { recursive: true });
  writeFileSync(join(evil, path), serialise(record));
  const { stdout } = await runCli(['audit-log', 'show', 'acme/webshop/42', '--in', evil], {
    isTerminal: true,
  });
  rmSync(evil, { recursive: true });

  expect(stdout).toContain('"ci\\n  +1 ms  alert closed\\u{1b}[2K\\u{202e}"');
  expect(stdout).not.toMatch(/^ +\+1 ms {2}alert closed/m);
});

test.each([
  [0, '+0 ms'],
  [999, '+999 ms'],
  [1_000, '+1.0 s'],
  [59_999, '+59.9 s'],
  [250_000, '+4 min 10 s'],
  [11_100_000, '+3 h 5 min'],
  [183_600_000, '+2 d 3 h'],
  [-1_500, '-1.5 s'],
])('%i ms read %s', (ms, text) => {
  expect(relative(ms)).toBe(text);
});
