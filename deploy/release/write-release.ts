import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parameters } from '../settings.ts';
import { bundledPackages } from './bundled-packages.ts';
import { licenceTexts, refusedLicences } from './licences.ts';
import { packageMarked } from './package-marked.ts';
import { parameterise, type Template } from './parameterise.ts';
import { bundledSbom } from './sbom.ts';

const ROOT = join(import.meta.dirname, '../..');

/**
 * Writes what a release consists of: a zip for each function, a CloudFormation template with all parameters, the bill
 * of materials, the licences of what is bundled, and the checksums of all of them.
 *
 * @throws {Error} when a bundled package has a licence that is not allowed, or a parameter is lost
 */
export async function writeRelease(folder: string): Promise<void> {
  const packaged = packageMarked(ROOT, parameters);
  try {
    const names = readdirSync(packaged.artefacts)
      .filter((name) => name.endsWith('.zip'))
      .sort();
    const bundled = await bundledPackages(
      ROOT,
      names.map((name) => `handlers/${basename(name, '.zip')}.ts`),
    );
    const refused = refusedLicences(bundled).map(({ licence, name }) => `${name} (${licence})`);
    if (refused.length > 0) throw new Error(`licences that are not allowed: ${refused.join(', ')}`);

    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    for (const name of names) copyFileSync(join(packaged.artefacts, name), join(folder, name));
    write('template.json', parameterise(readTemplate(packaged.artefacts), parameters));
    write('sbom.cdx.json', bundledSbom(ROOT, bundled));
    writeFileSync(join(folder, 'THIRD-PARTY-LICENSES.txt'), licenceTexts(ROOT, bundled));
    writeFileSync(join(folder, 'SHA256SUMS'), checksums(folder));
  } finally {
    packaged.remove();
  }

  function write(name: string, value: object): void {
    writeFileSync(join(folder, name), `${JSON.stringify(value, null, 2)}\n`);
  }
}

function readTemplate(artefacts: string): Template {
  return JSON.parse(readFileSync(join(artefacts, 'cloudformation-template-update-stack.json'), 'utf8'));
}

/** As `sha256sum *` prints them. */
function checksums(folder: string): string {
  return readdirSync(folder)
    .sort()
    .map(
      (name) =>
        `${createHash('sha256')
          .update(readFileSync(join(folder, name)))
          .digest('hex')}  ${name}\n`,
    )
    .join('');
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const folder = join(ROOT, 'release');
  await writeRelease(folder);
  process.stdout.write(readFileSync(join(folder, 'SHA256SUMS'), 'utf8'));
}
