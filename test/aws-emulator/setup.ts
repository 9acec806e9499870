import type { TestProject } from 'vitest/node';
import { packageOnce } from '../package/packaged.ts';
import { setup as compileRuntimeClient } from '../runtime/setup.ts';
import { pythonEnvironment } from './python-environment.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The Python that has MiniStack; undefined where the suite is skipped. */
    python: string | undefined;
  }
}

export function setup(project: TestProject): void {
  const python = process.platform === 'linux' ? pythonEnvironment() : undefined;
  if (python === undefined) {
    process.stdout.write('test:aws is skipped: it needs Python 3.10 or later with venv, on Linux\n');
  } else {
    packageOnce();
    compileRuntimeClient();
  }
  project.provide('python', python);
}
