import { execFileSync } from 'node:child_process';
import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { unzipSync } from 'fflate';

const root = join(import.meta.dirname, '../..');
const artefacts = join(root, '.serverless');

export const templatePath = join(artefacts, 'cloudformation-template-update-stack.json');
export const zipPath = (name: string): string => join(artefacts, `${name}.zip`);

export interface Resource {
  readonly Type: string;
  readonly Condition?: string;
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
  // biome-ignore lint/suspicious/noExplicitAny: a template's properties have one shape for each of its types
  readonly Properties: Record<string, any>;
}

/** Runs `npm run package`, unless its last output is newer than all of its sources. */
export function packageOnce(): void {
  if (isFresh()) return;
  const osls = join(root, 'node_modules/osls/bin/serverless.js');
  execFileSync(process.execPath, [osls, 'package'], { cwd: root, stdio: 'inherit' });
}

/** The resources of the packaged template, by their logical id. */
export function readResources(): Record<string, Resource> {
  return JSON.parse(readFileSync(templatePath, 'utf8')).Resources;
}

/** The files of a packaged function, by their path in the zip. */
export function readZip(name: string): Record<string, Uint8Array> {
  return unzipSync(readFileSync(zipPath(name)));
}

function isFresh(): boolean {
  if (!existsSync(templatePath)) return false;
  const made = statSync(templatePath).mtimeMs;
  const sources = globSync(
    [
      'handlers/**/*.ts',
      'lib/**/*.ts',
      'serverless.yml',
      'deploy/{resources,stages}/*',
      'esbuild.config.cjs',
      'package.json',
      'package-lock.json',
    ],
    { cwd: root },
  );
  return sources.every((file) => statSync(join(root, file)).mtimeMs < made);
}
