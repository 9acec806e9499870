import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { run } from '../../../cli/audit/main.ts';
import { relative } from '../../../cli/audit/show.ts';
import { writeLog } from '../../support/log-folder.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'audit-log-'));
  writeLog(folder);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const show = (...args: string[]) => run(['show', ...args, '--in', folder], {});

describe('show', () => {
  const story = `github/acme/webshop/3/created/20260729T094109134Z: REVOKED
  key key-408091 of service-user-a1f0a1
  leaked 2026-07-29T09:41:09.134Z
     +210 ms  report received from github
     +400 ms  intent on record: revoke key-408091
      +1.1 s  proven dead by token, probe 3
      +1.3 s  alert closed
      +1.3 s  outcome: revoked: token_rejected; the token is answered 401, 3 probes in all
`;

  test.each([
    ['its report', 'github/acme/webshop/3/created/20260729T094109134Z'],
    ['its alert', 'acme/webshop/3'],
    ['its key', 'key-408091'],
    ['its service user', 'service-user-a1f0a1'],
  ])('prints the timeline of an incident by %s', async (_, what) => {
    expect(await show(what)).toEqual({ text: story, exitCode: 0 });
  });

  test('prints all timelines of a day, with what is left to do', async () => {
    const { text } = await show('2026-07-29');

    expect(text.match(/^github\//gm)).toHaveLength(4);
    expect(text).toContain('NEXT: find the key and invoke the function with {"service_user_id"');
  });

  test('shows an alert that could not be closed, and an attempt that failed', async () => {
    expect((await show('acme/webshop/5')).text).toContain(
      'ALERT STILL OPEN: delegated dismissal is on (HTTP 403)',
    );
    expect((await show('acme/webshop/20')).text).toContain('attempt 1 failed: HTTP 503');
  });

  test('prints the records as they are for machines', async () => {
    const { text } = await show('key-408091', '--json');
    const [incident] = JSON.parse(text);

    expect(incident.records.map(({ status_code }: { status_code: string }) => status_code)).toEqual([
      'intent',
      'alert_closed',
      'revoked',
    ]);
  });

  test('exits with 1 when no record matches', async () => {
    expect(await show('key-unknown')).toEqual({ text: 'no record matches key-unknown\n', exitCode: 1 });
  });
});

describe('report', () => {
  const make = (...args: string[]) => run(['report', ...args, '--in', folder], {});

  test('writes a self-contained page with counts, a chart, escalations and keys', async () => {
    const file = join(folder, 'report.html');
    const result = await make('--from', '2026-07-27', '--to', '2026-07-31', '-o', file);
    const html = readFileSync(file, 'utf8');

    expect(result).toEqual({ text: `20 reports: ${file}\n`, exitCode: 0 });
    expect(html).toMatch(/<svg class="chart"[\s\S]*<title>&lt; 2 s: 5<\/title>/);
    expect(html).toContain('prefers-color-scheme: dark');
    expect(html).toContain('<dt>Open escalations</dt><dd>2</dd>');
    expect(html.match(/key-[0-9a-f]+<\/code>/g)).toHaveLength(15);
    expect(html).not.toMatch(/<script|https?:|url\(|@import/);
    rmSync(file);
  });

  test('covers only the given days', async () => {
    expect((await make('--from', '2026-07-29', '--to', '2026-07-29')).text).toContain('4 reports');
  });

  test('says so when no key was revoked', async () => {
    expect((await make('--from', '2025-01-01', '--to', '2025-01-07')).text).toContain('No key was revoked.');
  });

  test.each([[['--from', 'yesterday', '--to', '2026-07-29']], [['--from', '2026-07-29']]])(
    'refuses %j',
    async (args) => {
      expect((await make(...args)).exitCode).toBe(2);
    },
  );
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
