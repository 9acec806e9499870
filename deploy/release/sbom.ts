import { execFileSync } from 'node:child_process';
import type { BundledPackage } from './bundled-packages.ts';

interface Component {
  readonly name: string;
  readonly version: string;
  readonly 'bom-ref': string;
}

/** A software bill of materials, as far as it is read here. https://cyclonedx.org/docs/1.5/json/ */
export interface Sbom {
  readonly metadata: { readonly component: Component };
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

/** npm's own bill of materials, without the packages whose code is not in the zips. */
export function bundledSbom(root: string, bundled: readonly BundledPackage[]): Sbom {
  const npm = process.env.npm_execpath;
  const args = ['sbom', '--sbom-format', 'cyclonedx', '--sbom-type', 'application', '--package-lock-only'];
  const options = { cwd: root, encoding: 'utf8', maxBuffer: 2 ** 26 } as const;
  const text =
    npm === undefined
      ? execFileSync('npm', args, options)
      : execFileSync(process.execPath, [npm, ...args], options);
  return keepBundled(JSON.parse(text), bundled);
}

/** @throws {Error} when a bundled package is not in the bill */
export function keepBundled(sbom: Sbom, bundled: readonly BundledPackage[]): Sbom {
  const named = new Set(bundled.map(({ name, version }) => `${name}@${version}`));
  const components = sbom.components.filter(({ name, version }) => named.has(`${name}@${version}`));
  const found = new Set(components.map(({ name, version }) => `${name}@${version}`));
  const missing = [...named].filter((name) => !found.has(name));
  if (missing.length > 0) throw new Error(`the bill of materials lacks ${missing.join(', ')}`);

  const refs = new Set([sbom.metadata.component['bom-ref'], ...components.map((each) => each['bom-ref'])]);
  const dependencies = sbom.dependencies
    .filter(({ ref }) => refs.has(ref))
    .map(({ dependsOn, ...rest }) => ({ ...rest, dependsOn: dependsOn.filter((ref) => refs.has(ref)) }));
  // npm names the folder, not the package.
  const { component } = sbom.metadata;
  const name = component['bom-ref'].replace(/@[^@]*$/, '');
  return {
    ...sbom,
    metadata: { ...sbom.metadata, component: { ...component, name } },
    components,
    dependencies,
  };
}
