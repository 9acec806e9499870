import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');

/** What the suite keeps between its runs; git ignores it. */
export const CACHE = join(ROOT, '.aws-emulator');

/**
 * The Python of an environment of its own with the packages of a file beside this one, made at the first run.
 *
 * @param what they are, for people
 * @returns `undefined` where there is no Python that can make it
 */
export function pythonEnvironment(requirements: string, what: string): string | undefined {
  const path = join(import.meta.dirname, requirements);
  const name = createHash('sha256').update(readFileSync(path)).digest('hex').slice(0, 12);
  const folder = join(CACHE, `python-${name}`);
  const python = join(folder, 'bin/python');
  const complete = join(folder, 'complete');
  if (existsSync(complete)) return python;
  const system = systemPython();
  if (system === undefined) return undefined;
  process.stdout.write(`installing ${what} into .aws-emulator/, once\n`);
  mkdirSync(CACHE, { recursive: true });
  rmSync(folder, { recursive: true, force: true });
  execFileSync(system, ['-m', 'venv', folder], { stdio: 'inherit' });
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--requirement', path];
  execFileSync(python, pip, { stdio: 'inherit' });
  writeFileSync(complete, '');
  return python;
}

/** A Python that MiniStack runs on, with what `venv` needs, which some distributions package apart. */
function systemPython(): string | undefined {
  const check = 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 10))';
  return ['python3', 'python'].find((command) => spawnSync(command, ['-c', check]).status === 0);
}
