import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dayChart } from '../../../cli/audit/report/charts.ts';
import type { LeakFacts } from '../../../cli/audit/report/facts.ts';
import type { Leak } from '../../../cli/audit/report/leaks.ts';
import { STYLE } from '../../../cli/audit/report/style.ts';
import { auditRecord } from '../../../lib/audit/ocsf-record.ts';
import { serialise, serialiseAs } from '../../../lib/audit/ocsf-schema.ts';
import { PlanFacts, planRecord } from '../../../lib/audit/plan-record.ts';
import { recordPath } from '../../../lib/audit/record-path.ts';
import type { Outcome } from '../../../lib/domain/outcome.ts';
import type { Report } from '../../../lib/domain/report.ts';
import { chromiumPath, launchBrowser } from '../../support/browser.ts';
import { writeLog } from '../../support/log-folder.ts';
import { runCli } from '../../support/run-cli.ts';
import { context } from '../../support/samples.ts';

const NOW = Date.parse('2026-08-10T09:00:00.000Z');
const DAY = 86_400_000;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'report-'));
  writeLog(folder);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const make = (...args: string[]) =>
  runCli(['audit-log', 'report', '--from', '2026-07-01', '--to', '2026-07-31', '--in', folder, ...args], {
    now: NOW,
  });

type Ended = Exclude<Outcome, { status: 'ignored' }>;
type Ending = Ended extends infer T ? (T extends unknown ? Omit<T, 'report_id'> : never) : never;

/** A log of its own, of the given reports. */
async function figuresOf(
  reports: readonly (readonly [report: Partial<Report>, outcome: Ending, at: number])[],
  period = ['2026-07-01', '2026-07-31'],
) {
  const own = mkdtempSync(join(tmpdir(), 'report-'));
  reports.forEach(([changes, outcome, at], index) => {
    const report: Report = {
      version: 1,
      report_id: `console/${index}`,
      detector: 'console',
      invoked_by: 'console',
      reported_at: at,
      seen_at: at,
      leak: { kind: 'token' },
      ...changes,
    };
    const isAttempt = outcome.status === 'failed' || outcome.status === 'still_alive';
    const name = isAttempt ? '50-attempt-1' : '90-outcome';
    const path = join(own, recordPath(report, name));
    const ended = { ...outcome, report_id: report.report_id } as Ended;
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(
      path,
      serialise(
        auditRecord(
          report,
          { kind: isAttempt ? 'attempt' : 'outcome', outcome: ended, intentStored: true },
          context,
          { name, time: at + 1_000 },
        ),
      ),
    );
  });
  const [from = '', to = ''] = period;
  const { stdout } = await runCli(
    ['audit-log', 'report', '--from', from, '--to', to, '--in', own, '--json'],
    { now: NOW },
  );
  rmSync(own, { recursive: true });
  return JSON.parse(stdout);
}

const july = (day: number) => Date.parse('2026-07-01T12:00:00.000Z') + (day - 1) * DAY;
const key = { service_user_id: 'service-user-1', api_key_id: 'key-1' };
const revoked = (at: number, ids = key): Ending => ({
  status: 'revoked',
  ...ids,
  evidence: 'token_rejected',
  proof: { method: 'token', probes: 1, at: at + 4_000 },
});
const escalated: Ending = {
  status: 'escalated',
  reason: 'three keys',
  next_step: 'find the key',
  service_user_id: key.service_user_id,
};
const alert = (number: number): Partial<Report> => ({
  report_id: `github/acme/webshop/${number}/created/20260701T120000000Z`,
  detector: 'github',
  leak: { kind: 'github_alert', owner: 'acme', repo: 'webshop', number },
});
const kinds = (needs: readonly { kind: string }[]) => needs.map(({ kind }) => kind);

describe('the figures', () => {
  test('begin with one sentence', async () => {
    const { headline, time_to_revoke } = JSON.parse((await make('--json')).stdout);

    expect(headline).toBe(
      '20 leaks in July 2026; 16 dead, median 2.4 s, slowest 1 h 30 min; 2 left to a person; 1 not known to Devin; 1 without an outcome; log not verified.',
    );
    expect(time_to_revoke).toEqual({ median: 2_400, slowest: 5_400_000 });
  });

  test('an escalation is closed by the very key or alert, not by another key of its service user', async () => {
    const named = { ...escalated, api_key_id: 'key-1' };
    const other = await figuresOf([
      [{}, named, july(1)],
      [{}, revoked(july(2), { ...key, api_key_id: 'key-2' }), july(2)],
    ]);
    const same = await figuresOf([
      [{}, named, july(1)],
      [{}, revoked(july(2)), july(2)],
    ]);
    const byAlert = await figuresOf([
      [alert(7), escalated, july(1)],
      [
        { ...alert(7), report_id: 'github/acme/webshop/7/reopened/20260702T120000000Z' },
        revoked(july(2)),
        july(2),
      ],
    ]);

    expect(kinds(other.needs)).toEqual(['escalated']);
    expect(kinds(same.needs)).toEqual([]);
    expect(kinds(byAlert.needs)).toEqual([]);
    expect(byAlert).toMatchObject({ leaks: 1, states: { dead: 1 } });
  });

  describe('of a secret with several tokens', () => {
    const dead = (at: number, id: string) => ({ ...revoked(at, { ...key, api_key_id: id }) });
    const severalOf = (at: number): Ending => ({
      ...escalated,
      alert: { closed: false, reason: 'a token is left' },
      leaks: [dead(at, 'key-1'), { ...escalated, service_user_id: 'service-user-2' }, dead(at, 'key-3')],
    });

    test('count each of its leaks', async () => {
      const { by_repository, by_service_user, headline, needs, states, time_to_revoke } = await figuresOf([
        [alert(7), severalOf(july(1)), july(1)],
        [{}, { ...revoked(july(2)), alert: { closed: true } }, july(2)],
      ]);

      expect(headline).toContain(
        '4 leaks in July 2026; 3 dead, median 4.0 s, slowest 4.0 s; 1 left to a person;',
      );
      expect(states).toMatchObject({ dead: 3, escalated: 1 });
      expect(time_to_revoke).toEqual({ median: 4_000, slowest: 4_000 });
      expect(by_repository).toMatchObject([{ name: 'acme/webshop', leaks: 3, dead: 2 }]);
      expect(
        by_service_user.map(({ leaks, name }: { leaks: number; name: string }) => [name, leaks]),
      ).toEqual([
        ['service-user-1', 3],
        ['service-user-2', 1],
      ]);
      expect(kinds(needs)).toEqual(['escalated', 'alert_open']);
    });

    test('are closed each by its own token, or all by the alert', async () => {
      const reopened = {
        ...alert(7),
        report_id: 'github/acme/webshop/7/reopened/20260702T120000000Z',
      };
      const needsAfter = async (ending: Ending, day: number) =>
        figuresOf([
          [alert(7), severalOf(july(1)), july(1)],
          [reopened, ending, july(day)],
        ]);
      const ended = dead(july(33), 'key-9');
      const isDone = { ...ended, alert: { closed: true } };
      const other = { ...severalOf(july(33)), leaks: [ended, escalated, dead(july(33), 'key-3')] };
      const own = { ...severalOf(july(33)), leaks: [escalated, ended, dead(july(33), 'key-3')] };

      expect(kinds((await needsAfter(isDone, 33)).needs)).toEqual([]);
      expect(kinds((await needsAfter(other, 33)).needs)).toEqual(['escalated', 'alert_open']);
      expect(kinds((await needsAfter(own, 33)).needs)).toEqual(['alert_open']);
      expect(await needsAfter(isDone, 2)).toMatchObject({ leaks: 3, states: { dead: 3 }, needs: [] });
    });
  });

  test('what was closed after the period is not open', async () => {
    const reports = [
      [alert(7), escalated, july(31)],
      [
        { ...alert(7), report_id: 'github/acme/webshop/7/reopened/20260802T120000000Z' },
        revoked(july(33)),
        july(33),
      ],
    ] as const;
    const { leaks, needs, states } = await figuresOf(reports);

    expect({ leaks, needs, states }).toMatchObject({
      leaks: 1,
      needs: [],
      states: { escalated: 1, dead: 0 },
    });
  });

  test('name what needs a person, the worst first', async () => {
    const { needs } = await figuresOf([
      [{}, { status: 'failed', reason: 'HTTP 503', retryable: true }, july(1)],
      [alert(1), { ...revoked(july(2)), alert: { closed: false, reason: 'HTTP 403' } }, july(2)],
      [
        {},
        {
          ...revoked(july(3), { ...key, api_key_id: 'key-3' }),
          collateral: [{ api_key_id: 'key-9', api_key_name: 'ci', replace_with: 'POST …' }],
        },
        july(3),
      ],
      [{}, { ...revoked(july(4), { ...key, api_key_id: 'key-4' }), own_key: true }, july(4)],
      [{}, escalated, july(5)],
      [
        {},
        {
          status: 'still_alive',
          ...key,
          api_key_id: 'key-5',
          reason: 'it still authenticates',
          retryable: true,
        },
        july(6),
      ],
    ]);

    expect(kinds(needs)).toEqual(['alive', 'escalated', 'own_key', 'collateral', 'alert_open', 'lost']);
  });

  test('an alert that a later report closed is not left open', async () => {
    const open = { ...revoked(july(2)), alert: { closed: false, reason: 'HTTP 403' } };
    const closing = { ...alert(1), report_id: 'github/acme/webshop/1/closing/2026-07-03' };
    const { leaks, needs } = await figuresOf([
      [alert(1), open, july(2)],
      [
        closing,
        {
          status: 'already_revoked',
          evidence: 'dead_on_arrival',
          proof: { method: 'token', probes: 1, at: july(3) },
          alert: { closed: true },
        },
        july(3),
      ],
    ]);

    expect({ leaks, needs }).toEqual({ leaks: 1, needs: [] });
  });

  test('sweeps are apart: their keys are no leaks', async () => {
    const swept: Partial<Report> = {
      report_id: 'sweep/20260701T000000Z-0a1b2c3d/service-user-1/key-1',
      detector: 'sweep',
      leak: { kind: 'key', ...key },
    };
    const { leaks, sweeps, time_to_revoke } = await figuresOf([[swept, revoked(july(2)), july(2)]]);

    expect({ leaks, sweeps, time_to_revoke }).toEqual({
      leaks: 0,
      sweeps: { plans: [], reports: 1 },
      time_to_revoke: { median: null, slowest: null },
    });
  });

  test('drills are apart: their keys are no leaks, unless the key is none of a drill', async () => {
    const drill: Partial<Report> = { detector: 'webhook', caller: 'devin-key-revoker/drill' };
    const ended = (name: string): Ending => ({ ...revoked(july(2)), api_key_name: name });

    const { leaks } = await figuresOf([[drill, ended('drill-20260702T120000Z-0a1b2c3d'), july(2)]]);
    const { leaks: others } = await figuresOf([
      [drill, ended('production'), july(2)],
      [{ detector: 'webhook', caller: 'gitleaks' }, ended('drill-of-a-hole'), july(2)],
    ]);

    expect([leaks, others]).toEqual([0, 2]);
  });

  test('count repositories, service users with their keys, use after the leak and attribution', async () => {
    const figures = await figuresOf([
      [
        alert(1),
        {
          ...revoked(july(1)),
          api_key_name: 'ci',
          exposure: { seen_at: '2026-07-01T12:00:00.000Z', used_after_leak: true },
          attribution: { method: 'ids', confidence: 'certain' },
        },
        july(1),
      ],
      [alert(2), revoked(july(2), { ...key, api_key_id: 'key-2' }), july(2)],
    ]);

    expect(figures).toMatchObject({
      by_repository: [{ name: 'acme/webshop', leaks: 2, dead: 2 }],
      by_service_user: [{ name: 'service-user-1', leaks: 2, dead: 2, keys: ['ci', 'key-2'] }],
      use_after_leak: { used: 1, unused: 0, unknown: 1 },
      attribution: [
        { method: 'ids', confidence: 'certain', leaks: 1 },
        { method: 'not recorded', confidence: 'not recorded', leaks: 1 },
      ],
    });
  });

  test('an empty period says so', async () => {
    expect((await figuresOf([], ['2026-07-30', '2026-07-30'])).headline).toBe(
      '0 leaks on 30 July 2026; log not verified.',
    );
  });

  test('the log is verified where a key is given', async () => {
    const file = join(folder, 'key.pem');
    writeFileSync(file, await pem());
    const { code, stdout } = await make('--json', '--key', file);

    // The log of this test has no digests, although they are due.
    expect(code).toBe(1);
    expect(JSON.parse(stdout).headline).toMatch(/; LOG NOT INTACT: 1 break\.$/);
    rmSync(file);
  });
});

async function pem(): Promise<string> {
  const { generateKeyPairSync } = await import('node:crypto');
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return publicKey.export({ type: 'spki', format: 'pem' }).toString();
}

describe('the page', () => {
  test('is written with a CSV of every report beside it', async () => {
    const file = join(folder, 'july.html');
    const { code, stdout } = await make('-o', file);
    const html = readFileSync(file, 'utf8');
    const csv = readFileSync(join(folder, 'july.csv'), 'utf8').split('\r\n');

    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: expect.stringContaining(`${file}, ${join(folder, 'july.csv')}`),
    });
    expect(csv).toHaveLength(22);
    expect(csv[0]).toMatch(/^report_id,detector,/);
    expect(html).not.toMatch(/<script|src=|url\(|@import/);
    for (const name of ['july.html', 'july.csv']) rmSync(join(folder, name));
  });

  test('escapes what it shows', async () => {
    const own = mkdtempSync(join(tmpdir(), 'report-'));
    const plan = {
      plan_id: '20260730T000000Z-0a1b2c3d',
      mode: 'enforce',
      verdict: 'blocked',
      totals: { revoke: 2 },
    };
    const at = july(30);
    const path = join(own, recordPath({ report_id: `sweep/${plan.plan_id}`, reported_at: at }, '20-plan'));
    mkdirSync(dirname(path), { recursive: true });
    const blocks = ['<img src=x onerror=alert(1)>\u001b[2K\u202e"\'`'];
    writeFileSync(
      path,
      serialiseAs(
        PlanFacts,
        planRecord({ ...plan, blocks }, { startedAt: at, decidedAt: at, invokedBy: 'schedule' }, context),
      ),
    );
    const { stdout } = await runCli([
      'audit-log',
      'report',
      '--from',
      '2026-07-01',
      '--to',
      '2026-07-31',
      '--in',
      own,
    ]);
    rmSync(own, { recursive: true });

    expect(stdout).toContain('&lt;img src=x onerror=alert(1)&gt;\ufffd[2K\ufffd&quot;&#39;&#96;');
    expect(stdout).not.toContain('<img');
  });

  test('says what cannot be written', async () => {
    expect(await make('-o', '/nowhere/july.html')).toMatchObject({
      code: 2,
      stderr: 'error: /nowhere/july.html cannot be written (ENOENT)\n',
    });
  });
});

// `apt-get install chromium` makes them run; CI does.
describe.skipIf(chromiumPath === undefined)(
  'the page in Chromium (skipped where no Chromium is installed)',
  () => {
    let browser: Browser;
    let file: string;
    beforeAll(async () => {
      browser = await launchBrowser();
      file = join(folder, 'browser.html');
      await make('-o', file);
    });
    afterAll(() => browser.close());

    const open = async (width: number, colorScheme: 'light' | 'dark' = 'light') => {
      const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
      const errors: string[] = [];
      page.on('console', (message) => errors.push(message.text()));
      page.on('pageerror', (error) => errors.push(error.message));
      await page.goto(pathToFileURL(file).href);
      return { page, errors };
    };

    test('shows the numbers of the log', async () => {
      const { errors, page } = await open(1280);
      const text = (selector: string) => page.locator(selector).allTextContents();
      const numbers = async (selector: string) => (await text(selector)).map(Number);
      const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

      expect((await text('.lead'))[0]).toMatch(
        /^20 leaks in July 2026; 16 dead, median 2\.4 s, slowest 1 h 30 min;/,
      );
      expect(await text('h3')).toEqual([
        'Open escalations: 2',
        'Alerts left open: 3',
        'Reports without an outcome: 1',
      ]);
      expect(sum(await numbers('[data-chart=time] .number'))).toBe(15);
      const columns = await page
        .locator('.column')
        .evaluateAll((all) => all.map((column) => Number(column.getAttribute('data-count'))));
      expect(columns).toHaveLength(31);
      expect(sum(columns)).toBe(20);
      expect(await page.locator('a').first().getAttribute('href')).toBe(
        'https://github.com/acme/webshop/security/secret-scanning/18',
      );
      expect(errors).toEqual([]);
      await page.close();
    });

    test.each([
      [360, 'light'],
      [360, 'dark'],
      [768, 'light'],
      [1280, 'light'],
      [1280, 'dark'],
    ] as const)('nothing overflows at %i pixels, %s', async (width, scheme) => {
      const { page } = await open(width, scheme);
      await page.locator('details').evaluateAll((all) => {
        for (const one of all) one.setAttribute('open', '');
      });
      const wide = await page
        .locator('body *')
        .evaluateAll((all) =>
          all
            .filter(
              (one) =>
                one.getBoundingClientRect().right > one.ownerDocument.documentElement.clientWidth + 0.5,
            )
            .map((one) => one.outerHTML.slice(0, 80)),
        );
      const hidden = await page.locator('html').evaluate((root) => root.scrollWidth - root.clientWidth);

      expect({ wide, hidden }).toEqual({ wide: [], hidden: 0 });
      await page.close();
    });

    test('its text is legible on its ground in light and dark', async () => {
      for (const scheme of ['light', 'dark'] as const) {
        const { page } = await open(1280, scheme);
        const [ink, ground] = await page.locator('body').evaluate((body) => {
          const brightness = (color: string) =>
            (color.match(/\d+/g) ?? []).slice(0, 3).reduce((total, part) => total + Number(part), 0);
          const style = body.ownerDocument.defaultView?.getComputedStyle(body);
          return [brightness(style?.color ?? ''), brightness(style?.backgroundColor ?? '')];
        });

        expect(Math.abs((ink ?? 0) - (ground ?? 0))).toBeGreaterThan(400);
        expect((ground ?? 0) > 382).toBe(scheme === 'light');
        await page.close();
      }
    });

    test('the numbers beside the columns stand on one line each', async () => {
      const page = await browser.newPage({ viewport: { width: 360, height: 900 } });
      const leaks: Leak[] = Array.from({ length: 1_200 }, (_, at) => leakOn(july(3), at));
      await page.setContent(
        `<style>${STYLE}</style>${dayChart(leaks, { from: '2026-07-01', to: '2026-07-31' }).text}`,
      );
      const ticks = page.locator('.tick span');

      expect(await ticks.allTextContents()).toEqual(['0', '500', '1000', '1500']);
      for (const box of await ticks.all()) expect((await box.boundingBox())?.height).toBeLessThan(24);
      await page.close();
    });

    function leakOn(at: number, index: number): Leak {
      const main: LeakFacts = {
        kind: 'leak',
        report_id: `console/${index}`,
        detector: 'console',
        since: at,
        reported_at: at,
        at,
        status: 'revoked',
        worst: 'revoked',
        isDone: true,
        facts: {},
        aftermath: [],
      };
      return { id: main.report_id, reports: [main], main, state: 'dead', since: at, timeToRevoke: 1_000 };
    }

    test('prints what is folded on the screen', async () => {
      const { page } = await open(794);
      const folded = page.locator('details table').first();
      expect(await folded.isVisible()).toBe(false);
      await page.emulateMedia({ media: 'print' });

      expect(await folded.evaluate((one) => one.getBoundingClientRect().height)).toBeGreaterThan(50);
      await page.close();
    });
  },
);
