import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

export interface BundledPackage {
  readonly name: string;
  readonly version: string;
  /** As an SPDX expression. */
  readonly licence: string;
  /** The path of the package, relative to the project. */
  readonly folder: string;
}

const PACKAGE = /^(?<folder>(?:.*\/)?node_modules\/(?<name>(?:@[^/]+\/)?[^/]+))\//;

/**
 * The packages whose code is in the zips, sorted by name, as esbuild finds them from the handlers: not those that are
 * installed for development, and not those that only the command line needs.
 *
 * @param entryPoints the handlers, relative to `root`
 */
export async function bundledPackages(
  root: string,
  entryPoints: readonly string[],
): Promise<BundledPackage[]> {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: [...entryPoints],
    bundle: true,
    platform: 'node',
    mainFields: ['module', 'main'],
    // Here, what is loaded later is in the bundle too.
    outdir: 'dist',
    write: false,
    metafile: true,
    logLevel: 'error',
  });
  const used = new Map(
    Object.values(metafile.outputs)
      .flatMap(({ inputs }) => Object.entries(inputs))
      .flatMap(([file, { bytesInOutput }]) => {
        const folder = bytesInOutput > 0 ? PACKAGE.exec(file)?.groups?.folder : undefined;
        return folder === undefined ? [] : [[folder, readPackage(root, folder)] as const];
      }),
  );
  return [...used.values()].sort((a, b) => (`${a.name}@${a.version}` < `${b.name}@${b.version}` ? -1 : 1));
}

function readPackage(root: string, folder: string): BundledPackage {
  const { license, name, version } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
  return { name, version, licence: typeof license === 'string' ? license : 'unknown', folder };
}
