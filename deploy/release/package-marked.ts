import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Parameter } from '../setting.ts';
import { markOf, STAGE_MARK } from './parameterise.ts';

const SOURCES = [
  'handlers',
  'lib',
  'deploy',
  'serverless.yml',
  'esbuild.config.cjs',
  'package.json',
  'tsconfig.json',
];

/**
 * Packages a copy of the project in a folder of its own, with a mark instead of each parameter.
 *
 * @returns the folder that holds the zips and the template, and what removes it
 */
export function packageMarked(
  root: string,
  settings: readonly Parameter[],
): { readonly artefacts: string; readonly remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'devin-key-revoker-release-'));
  for (const source of SOURCES) cpSync(join(root, source), join(folder, source), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'), 'junction');
  // osls compares values with its schema, which a mark does not pass.
  const serverless = join(folder, 'serverless.yml');
  writeFileSync(
    serverless,
    readFileSync(serverless, 'utf8').replace('configValidationMode: error', 'configValidationMode: off'),
  );
  execFileSync(
    process.execPath,
    [
      join(root, 'node_modules/osls/bin/serverless.js'),
      'package',
      ...['--stage', STAGE_MARK],
      ...settings.flatMap(({ parameter }) => ['--param', `${parameter}=${markOf(parameter)}`]),
    ],
    { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] },
  );
  return {
    artefacts: join(folder, '.serverless'),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
