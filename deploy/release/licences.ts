import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BundledPackage } from './bundled-packages.ts';

/** Licences that allow distribution in a zip beside Apache-2.0. */
const ALLOWED = new Set(['Apache-2.0', 'MIT', 'ISC', '0BSD', 'BSD-2-Clause', 'BSD-3-Clause']);

/** The bundled packages whose licence is not one of the allowed ones. */
export const refusedLicences = (bundled: readonly BundledPackage[]): BundledPackage[] =>
  bundled.filter(({ licence }) => !ALLOWED.has(licence));

/** The names, licences and licence texts of the bundled packages: what their licences ask for. */
export function licenceTexts(root: string, bundled: readonly BundledPackage[]): string {
  const list = bundled.map(({ licence, name, version }) => `${name} ${version}: ${licence}`);
  const byText = new Map<string, string[]>();
  for (const { folder, name } of bundled) {
    for (const file of readdirSync(join(root, folder)).filter((each) => /^(licen[cs]e|notice)/i.test(each))) {
      const text = readFileSync(join(root, folder, file), 'utf8').trim();
      byText.set(text, [...(byText.get(text) ?? []), name]);
    }
  }
  const texts = [...byText].map(([text, names]) => `${names.join(', ')}\n\n${text}`);
  return `${[list.join('\n'), ...texts].join(`\n\n${'-'.repeat(80)}\n\n`)}\n`;
}
