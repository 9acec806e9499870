import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A copy of the working tree with its changes, which shares the installed packages. */
export interface ScratchCopy {
  readonly root: string;
  remove(): void;
}

/** @param from the root of the project */
export function scratchCopy(from: string): ScratchCopy {
  const root = mkdtempSync(join(realpathSync(tmpdir()), 'planted-'));
  const options = { cwd: from, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 } as const;
  const listed = execFileSync(
    'git',
    ['ls-files', '-z', '--cached', '--others', '--exclude-standard'],
    options,
  );
  const deleted = new Set(execFileSync('git', ['ls-files', '-z', '--deleted'], options).split('\0'));
  for (const path of listed.split('\0')) {
    if (path !== '' && !deleted.has(path)) cpSync(join(from, path), join(root, path));
  }
  symlinkSync(join(from, 'node_modules'), join(root, 'node_modules'), 'junction');
  return { root, remove: () => rmSync(root, { recursive: true, force: true }) };
}
