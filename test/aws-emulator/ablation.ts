import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { packageOnce, readResources } from '../package/packaged.ts';
import { type Allow, allowsOf } from './ablate-template.ts';
import { ablationPage, type Noticed, readAblationPage } from './ablation-page.ts';

// `npm run ablation`: takes each Allow away, and says which test of test:aws misses it. A first run says which tests use
// which statement. Then each round takes one of each role, and runs the quickest tests that use it; a failure belongs to the
// statement of the role whose calls were refused during the test. `npm run ablation -- RevokeRole.Notify` takes these
// alone, by the whole suite or the tests of --tests=<title>, and leaves the other rows of the page as they are.

const ROOT = join(import.meta.dirname, '../..');
const PAGE = join(ROOT, 'docs/least-privilege.md');
/** It fails by every statement that is driven at all. */
const GENERAL = 'nothing was refused to any role';
/** The tables of rights, and what finds every refusal. */
const ALWAYS = [GENERAL, 'can do its work', 'signs, and only'];
/** How long a test waits for what does not come. */
const PATIENCE_SECONDS = '10';
/** Tests that are run for each statement. */
const TESTS = 2;

interface Result {
  readonly title: string;
  readonly status: string;
  /** Milliseconds. */
  readonly duration?: number;
  readonly meta?: { readonly refused?: readonly string[]; readonly used?: readonly string[] };
}

async function main(only: readonly string[], named: readonly string[]): Promise<void> {
  packageOnce();
  const all = allowsOf(readResources());
  const whole = only.length === 0 ? await runWhole() : undefined;
  const round = (some: readonly Allow[], tests: number) =>
    runSuite(some, whole === undefined ? named : testsOf(some, whole, tests));
  const noticed: Noticed[] = [];
  const unsure: Allow[] = [];
  for (const some of roundsOf(all.filter(({ name }) => only.length === 0 || only.includes(name)))) {
    const results = await round(some, TESTS);
    for (const allow of some) {
      const found = whoNoticed(allow, results);
      if (found.isSure || (whole === undefined && some.length === 1)) noticed.push(print(found));
      else unsure.push(allow);
    }
  }
  for (const allow of unsure) noticed.push(print(whoNoticed(allow, await round([allow], Infinity))));
  const before = existsSync(PAGE) ? readAblationPage(readFileSync(PAGE, 'utf8')) : [];
  const kept = before.filter(
    ({ name }) => all.some((allow) => allow.name === name) && !noticed.some((one) => one.name === name),
  );
  writeFileSync(PAGE, ablationPage([...kept, ...noticed]));
  const unnoticed = noticed.filter(({ driven, evaluated }) => driven === undefined && !evaluated);
  if (unnoticed.length > 0) process.exitCode = 1;
}

/** With nothing taken away. @throws when a test fails */
async function runWhole(): Promise<Result[]> {
  const whole = await runSuite([]);
  const failed = whole.filter(({ status }) => status === 'failed');
  if (failed.length > 0) throw new Error(`test:aws fails: ${failed.map(({ title }) => title).join(', ')}`);
  return whole;
}

/** The first statement of each role, then the second of each, and so on. */
function roundsOf(allows: readonly Allow[]): Allow[][] {
  const byRole = [...Map.groupBy(allows, ({ role }) => role).values()];
  const rounds = Math.max(...byRole.map(({ length }) => length));
  return Array.from({ length: rounds }, (_, at) => byRole.flatMap((of) => of[at] ?? []));
}

/** The quickest tests that use one of the statements. */
function testsOf(some: readonly Allow[], whole: readonly Result[], tests: number): string[] {
  const using = some.flatMap(({ name }) =>
    whole
      .filter(({ meta }) => meta?.used?.includes(name))
      .toSorted((a, b) => (a.duration ?? 0) - (b.duration ?? 0))
      .slice(0, tests),
  );
  return [...new Set(using.map(({ title }) => title))];
}

/**
 * It is not sure when other roles were refused in the same test, so that the test may have failed by their statements, or when no
 * call was refused at all: a schedule that fired during a quick test looks like a use by that test.
 */
function whoNoticed({ name, role }: Allow, results: readonly Result[]): Noticed & { isSure: boolean } {
  const failed = results.filter(({ status }) => status === 'failed');
  const mine = failed.filter(({ meta }) => meta?.refused?.includes(role) && meta.refused.length === 1);
  const others = failed.filter(({ meta }) => meta?.refused?.includes(role));
  const isRefused = results.some(({ meta }) => meta?.refused?.includes(role));
  const driven = (mine[0] ?? others[0])?.title ?? (isRefused ? GENERAL : undefined);
  const evaluated = failed.some(({ title }) => title === `${role} can do its work` || /signs/.test(title));
  return { name, driven, evaluated, isSure: mine.length > 0 || (isRefused && others.length === 0) };
}

function print({ driven, evaluated, name }: Noticed): Noticed {
  const by = driven ?? (evaluated ? 'the table of rights alone' : 'NO TEST');
  process.stdout.write(`${name}: ${by}\n`);
  return { driven, evaluated, name };
}

/** @param tests parts of the titles of the tests to run; all of them without it */
async function runSuite(some: readonly Allow[], tests: readonly string[] = []): Promise<Result[]> {
  const folder = mkdtempSync(join(tmpdir(), 'ablation-'));
  const file = join(folder, 'results.json');
  const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs');
  const config = ['--config', 'test/aws-emulator/vitest.config.ts', 'stack.test', 'least-privilege.test'];
  const report = ['--reporter=json', `--outputFile=${file}`];
  const pattern = [...tests, ...ALWAYS]
    .map((title) => title.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    .join('|');
  const ABLATE = some.map(({ name }) => name).join(',');
  const filter = tests.length > 0 ? ['--testNamePattern', pattern] : [];
  const child = spawn(process.execPath, [vitest, 'run', ...config, ...report, ...filter], {
    cwd: ROOT,
    stdio: 'ignore',
    // With nothing taken away there is nothing to be impatient about.
    env: { ...process.env, ...(some.length > 0 && { ABLATE, PATIENCE_SECONDS }) },
  });
  await new Promise((resolve) => child.once('exit', resolve));
  const { testResults } = JSON.parse(readFileSync(file, 'utf8'));
  rmSync(folder, { recursive: true });
  const results: Result[] = testResults.flatMap(
    ({ assertionResults }: { assertionResults: Result[] }) => assertionResults,
  );
  // Else nothing would have been refused because nothing was asked.
  if (!results.some(({ meta }) => meta?.used?.length)) throw new Error('the stack did not start');
  return results;
}

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { tests: { type: 'string', multiple: true } },
});
await main(positionals, values.tests ?? []);
