import type { TestProject } from 'vitest/node';
import { packageOnce } from '../package/packaged.ts';
import { setup as compileRuntimeClient } from '../runtime/setup.ts';
import { pythonEnvironment } from './python-environment.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The Python that has MiniStack and cfn-lint; undefined where the suite is skipped. */
    python: string | undefined;
    /** The Python that has checkov, which needs other versions of what both need. */
    checkov: string | undefined;
  }
}

export function setup(project: TestProject): void {
  const isLinux = process.platform === 'linux';
  const python = isLinux ? pythonEnvironment('requirements.txt', 'MiniStack and cfn-lint') : undefined;
  const checkov = python && pythonEnvironment('requirements-checkov.txt', 'checkov');
  if (python === undefined) {
    process.stdout.write('test:aws is skipped: it needs Python 3.10 or later with venv, on Linux\n');
  } else {
    packageOnce();
    compileRuntimeClient();
  }
  project.provide('python', python);
  project.provide('checkov', checkov);
}
