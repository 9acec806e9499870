import { execFileSync } from 'node:child_process';

/** Builds the bundles that the matrix runs. */
export function setup(): void {
  execFileSync(process.execPath, ['esbuild.config.cjs', '--quiet'], { stdio: 'inherit' });
}
