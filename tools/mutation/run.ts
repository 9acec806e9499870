import { spawnSync } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { parseArgs } from 'node:util';

// Mutates files of the product with Stryker, and expects the tests of the same folder to notice:
// npm run mutation -- <file or folder of lib/> … [--skip <word> …]
// Tests whose names have one of these words are left out: a simulation takes seconds for each mutant.
// Stryker is installed beside this file, apart from the project's packages: npm ci --prefix tools/mutation

const FOLDER = 'tools/mutation';
const REPORT = '.stryker-tmp/mutation.json';

interface Mutant {
  readonly status: string;
  readonly mutatorName: string;
  readonly replacement?: string;
  readonly location: { readonly start: { readonly line: number; readonly column: number } };
}
type Report = {
  readonly files: Record<string, { readonly source: string; readonly mutants: readonly Mutant[] }>;
};

const say = (text: string): void => void process.stdout.write(`${text}\n`);

function filesOf(given: string): string[] {
  return given.endsWith('.ts') ? [given] : globSync(`${given}/**/*.ts`);
}

/** The tests that mirror a file, and those of its folder whose names do not mirror any file. */
function testsOf(file: string): string[] {
  const folder = dirname(file).replace(/^lib\//, 'test/');
  const isOwn = (test: string): boolean =>
    !existsSync(join(dirname(file), `${basename(test, '.test.ts')}.ts`));
  const own = join(folder, `${basename(file, '.ts')}.test.ts`);
  return [...(existsSync(own) ? [own] : []), ...globSync(`${folder}/*.test.ts`).filter(isOwn)];
}

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { skip: { type: 'string', multiple: true, default: [] } },
});
const files = positionals.flatMap(filesOf).sort();
if (files.length === 0) throw new Error('name a file or a folder of lib/, such as lib/domain');
const isLeftOut = (test: string): boolean => values.skip.some((word) => test.includes(word));
const tests = [...new Set(files.flatMap(testsOf))].filter((test) => !isLeftOut(test)).sort();
const stryker = `${FOLDER}/node_modules/@stryker-mutator/core/bin/stryker.js`;
if (!existsSync(stryker)) throw new Error(`Stryker is not installed: npm ci --prefix ${FOLDER}`);
say(`${files.length} files, ${tests.length} files of tests`);
const { status } = spawnSync(process.execPath, [stryker, 'run', `${FOLDER}/stryker.config.mjs`], {
  stdio: 'inherit',
  env: { ...process.env, MUTATE: files.join(' '), TESTS: tests.join(' ') },
});
if (status !== 0) throw new Error(`Stryker ended with ${status}`);

const report: Report = JSON.parse(readFileSync(REPORT, 'utf8'));
/** In a switch that ends in `satisfies never`, no value gets there. */
const isReachable = ({ mutatorName, replacement = '' }: Mutant): boolean =>
  !(mutatorName === 'ConditionalExpression' && replacement.startsWith('default:'));
const folders = new Map<string, { noticed: number; all: number }>();
let untested = 0;
for (const [file, { mutants, source }] of Object.entries(report.files)) {
  const lines = source.split('\n');
  const counted = mutants.filter((mutant) => mutant.status !== 'Ignored' && isReachable(mutant));
  const noticed = counted.filter(({ status: end }) => end === 'Killed' || end === 'Timeout');
  const score = folders.get(dirname(file)) ?? { noticed: 0, all: 0 };
  folders.set(dirname(file), { noticed: score.noticed + noticed.length, all: score.all + counted.length });
  for (const mutant of counted.filter((each) => !noticed.includes(each))) {
    const { line } = mutant.location.start;
    if (mutant.status === 'NoCoverage') untested += 1;
    say(`${mutant.status.padEnd(10)}  ${file}:${line}  ${mutant.mutatorName}  ${lines[line - 1]?.trim()}`);
    say(`            becomes  ${mutant.replacement?.replace(/\s+/g, ' ')}`);
  }
}
for (const [folder, { all, noticed }] of [...folders].sort()) {
  say(`${((100 * noticed) / Math.max(1, all)).toFixed(1).padStart(5)} %  ${noticed} of ${all}  ${folder}`);
}
// What no test runs is not a matter of judgement.
if (untested > 0) say(`${untested} mutants are in code that none of these tests runs`);
process.exitCode = untested > 0 ? 1 : 0;
