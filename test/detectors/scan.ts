import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const RULES = join(import.meta.dirname, '../../docs/detectors');

/** The arguments with which each scanner scans a folder and writes its report. */
export const ARGUMENTS = {
  gitleaks: (folder: string, report: string, rules = join(RULES, 'gitleaks.toml')) => [
    'dir',
    folder,
    '--config',
    rules,
    '--report-format',
    'json',
    '--report-path',
    report,
    '--no-banner',
  ],
  betterleaks: (folder: string, report: string) => [
    folder,
    '--config',
    join(RULES, 'gitleaks.toml'),
    '--output',
    report,
    '--silent',
    '--no-banner',
  ],
  kingfisher: (folder: string, report: string) => [
    ...['scan', folder, '--rules-path', join(RULES, 'kingfisher.yml'), '--rule', 'devin', '--no-validate'],
    ...['--no-dedup', '--format', report.endsWith('l') ? 'jsonl' : 'json', '--output', report],
  ],
};

/** Runs a scanner on texts, each in a file `<index>.txt`. @returns its report, as it wrote it */
export function scan(
  program: string,
  texts: readonly string[],
  args: (folder: string, report: string) => string[],
  reportName = 'report.json',
): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'texts-'));
  const out = mkdtempSync(join(tmpdir(), 'report-'));
  try {
    for (const [index, text] of texts.entries()) writeFileSync(join(folder, `${index}.txt`), text);
    const report = join(out, reportName);
    const { stderr } = spawnSync(program, args(folder, report), { encoding: 'utf8' });
    if (!existsSync(report)) throw new Error(`no report: ${stderr.slice(0, 2_000)}`);
    return readFileSync(report);
  } finally {
    rmSync(folder, { recursive: true });
    rmSync(out, { recursive: true });
  }
}
