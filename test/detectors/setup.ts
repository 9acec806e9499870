import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The programs; undefined for those that cannot be installed here. */
    scanners: { gitleaks?: string; betterleaks?: string; kingfisher?: string };
  }
}

const GITLEAKS = 'v8.30.1';
const CACHE = join(import.meta.dirname, '../../.detectors');
const REQUIREMENTS = join(import.meta.dirname, 'requirements.txt');

/** Installs the scanners into .detectors/, once: gitleaks from its Go module, the others from PyPI. */
export function setup(project: TestProject): void {
  mkdirSync(CACHE, { recursive: true });
  project.provide('scanners', { ...fromGo(), ...fromPyPi() });
}

function fromGo(): { gitleaks?: string } {
  const folder = join(CACHE, `gitleaks-${GITLEAKS}`);
  const gitleaks = join(folder, 'gitleaks');
  if (existsSync(gitleaks)) return { gitleaks };
  if (spawnSync('go', ['version']).status !== 0) return skip('gitleaks: it needs Go');
  process.stdout.write('compiling gitleaks into .detectors/, once\n');
  const env = { ...process.env, GOBIN: folder };
  execFileSync('go', ['install', `github.com/zricethezav/gitleaks/v8@${GITLEAKS}`], {
    env,
    stdio: 'inherit',
  });
  return { gitleaks };
}

function fromPyPi(): { betterleaks?: string; kingfisher?: string } {
  const folder = join(CACHE, 'python');
  const programs = () => ({
    betterleaks: join(folder, 'bin/betterleaks'),
    kingfisher: join(folder, 'bin/kingfisher'),
  });
  if (existsSync(programs().kingfisher)) return programs();
  const check = 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 10))';
  if (spawnSync('python3', ['-c', check]).status !== 0) {
    return skip('betterleaks and kingfisher: they need Python 3.10 or later with venv');
  }
  process.stdout.write('installing betterleaks and kingfisher into .detectors/, once\n');
  execFileSync('python3', ['-m', 'venv', folder], { stdio: 'inherit' });
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', REQUIREMENTS];
  execFileSync(join(folder, 'bin/python'), pip, { stdio: 'inherit' });
  return readdirSync(join(folder, 'bin')).includes('kingfisher') ? programs() : skip('kingfisher');
}

function skip(what: string): Record<string, never> {
  process.stdout.write(`test:detectors skips ${what}\n`);
  return {};
}
