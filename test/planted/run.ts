import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { BUGS } from './bugs.ts';
import { type PlantedBug, plant } from './planted-bug.ts';
import { scratchCopy } from './scratch-copy.ts';
import { type TestRunner, testRunner } from './test-runner.ts';

// Plants each bug in a copy of the project, and expects the test that is named with it to fail:
// npm run planted -- [--only <part of a name>]

const { values } = parseArgs({ options: { only: { type: 'string', default: '' } } });
const bugs = BUGS.filter(({ name }) => name.includes(values.only));
const say = (text: string): void => void process.stdout.write(`${text}\n`);

interface Result {
  readonly bug: PlantedBug;
  readonly verdict: 'caught' | 'not caught' | 'does not apply';
  readonly seconds: number;
  readonly detail?: string;
}

/** Without a bug each test passes, and there is one for each title. */
async function whyUnsound(runner: TestRunner): Promise<string[]> {
  const { broken, failed } = await runner.run(bugs.map(({ caughtBy }) => caughtBy));
  return [...broken, ...failed];
}

async function tryBug(bug: PlantedBug, root: string, runner: TestRunner): Promise<Result> {
  const began = performance.now();
  const path = join(root, bug.file);
  const original = readFileSync(path, 'utf8');
  const end = (verdict: Result['verdict'], detail?: string): Result => ({
    bug,
    verdict,
    seconds: (performance.now() - began) / 1_000,
    ...(detail !== undefined && { detail }),
  });
  try {
    writeFileSync(path, plant(bug, original));
  } catch (error) {
    return end('does not apply', String(error));
  }
  try {
    runner.reload(bug.file);
    const { broken, failed, passed } = await runner.run([bug.caughtBy]);
    // A file that cannot be loaded notices nothing.
    return failed.length > 0 ? end('caught') : end('not caught', [`${passed} passed`, ...broken].join('; '));
  } finally {
    writeFileSync(path, original);
    runner.reload(bug.file);
  }
}

if (bugs.length === 0) throw new Error(`no planted bug has "${values.only}" in its name`);
const copy = scratchCopy(process.cwd());
const began = performance.now();
try {
  const runner = await testRunner(copy.root);
  const unsound = await whyUnsound(runner);
  for (const problem of unsound) say(`fails without a bug: ${problem}`);
  const results: Result[] = [];
  for (const bug of bugs) {
    const result = await tryBug(bug, copy.root, runner);
    results.push(result);
    const { caughtBy, file, name } = bug;
    say(
      `${result.verdict.padEnd(14)} ${result.seconds.toFixed(1).padStart(5)} s  ${name.padEnd(44)} ${file}`,
    );
    say(`${' '.repeat(25)}by ${caughtBy.file}: ${caughtBy.title}`);
    if (result.detail !== undefined) say(`${' '.repeat(25)}${result.detail}`);
  }
  await runner.close();
  const missed = results.filter(({ verdict }) => verdict !== 'caught');
  const seconds = ((performance.now() - began) / 1_000).toFixed(0);
  say(`${results.length - missed.length} of ${results.length} planted bugs caught, in ${seconds} s`);
  for (const { bug, verdict } of missed) say(`${verdict}: ${bug.name}`);
  process.exitCode = missed.length > 0 || unsound.length > 0 ? 1 : 0;
} finally {
  copy.remove();
}
