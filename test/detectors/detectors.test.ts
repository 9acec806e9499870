import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { describe, expect, inject, test } from 'vitest';
import { parse } from 'yaml';
import { gatherLeaks } from '../../cli/report-leaks/gather-leaks.ts';
import { readValues } from '../../cli/report-leaks/read-values.ts';
import { otherToken, token, withKeys, withoutKeys } from '../support/detector-samples.ts';
import { ARGUMENTS, RULES, scan } from './scan.ts';

const samples = [...withKeys, ...withoutKeys.map(([title, text]) => [title, text, []] as const)];
const scanners = inject('scanners');

/** The keys of a report by the title of their sample, as `report-leaks` reads them. */
function found(report: Buffer): Record<string, string[]> {
  const { leaks, unreadable } = gatherLeaks(readValues(report));
  expect(unreadable).toBe(0);
  const by: Record<string, string[]> = {};
  for (const { places, token: secret } of leaks) {
    for (const { file = '' } of places) {
      const title = samples[Number.parseInt(basename(file), 10)]?.[0] ?? file;
      by[title] = [...(by[title] ?? []), secret.reveal()].sort();
    }
  }
  return by;
}
const expected = Object.fromEntries(withKeys.map(([title, , keys]) => [title, [...keys].sort()]));
const texts = samples.map(([, text]) => text);

describe.each(['gitleaks', 'betterleaks', 'kingfisher'] as const)(
  '%s with the rule of docs/detectors',
  (name) => {
    const program = scanners[name] ?? '';

    test.skipIf(program === '')('finds the keys of the samples, and nothing else', () => {
      expect(found(scan(program, texts, ARGUMENTS[name]))).toEqual(expected);
    });

    test.skipIf(program === '')('writes a report in which each key and its place are found', () => {
      const report = scan(program, ['', `a\nKEY=${token}\nb: ${otherToken}\n`], ARGUMENTS[name]);
      const { leaks } = gatherLeaks(readValues(report));
      const shown = leaks.map(({ places, token: secret }) => [
        secret.reveal(),
        places.map(({ file, line, scanner }) => [basename(file ?? ''), line, scanner]),
      ]);
      expect(shown.toSorted()).toEqual(
        [
          [token, [['1.txt', 2, name]]],
          [otherToken, [['1.txt', 3, name]]],
        ].toSorted(),
      );
    });

    test.skipIf(program === '')('writes a report without a finding that is understood', () => {
      const gathered = gatherLeaks(readValues(scan(program, ['nothing here'], ARGUMENTS[name])));
      expect(gathered).toEqual({ leaks: [], redacted: [], findings: 0, unreadable: 0 });
    });

    test.skipIf(program === '')(
      'writes a redacted report that is refused, and not taken for dead keys',
      () => {
        const args = (folder: string, report: string) => [...ARGUMENTS[name](folder, report), '--redact'];
        const { leaks, redacted } = gatherLeaks(readValues(scan(program, [token], args)));
        expect([leaks, redacted]).toEqual([[], [expect.objectContaining({ scanner: name })]]);
      },
    );

    test.skipIf(program === '' || name === 'gitleaks')('writes JSON lines that are understood too', () => {
      expect(found(scan(program, texts, ARGUMENTS[name], 'report.jsonl'))).toEqual(expected);
    });
  },
);

// TruffleHog is in no package registry that has its engine; its custom detectors use Go's regexp, as gitleaks does.
test.skipIf(scanners.gitleaks === undefined)(
  "TruffleHog's rule finds the same with Go's regular expressions",
  () => {
    const rules = parse(readFileSync(join(RULES, 'trufflehog.yml'), 'utf8'));
    const [{ keywords, name, regex }] = rules.detectors;
    const file = join(mkdtempSync(join(tmpdir(), 'rules-')), 'rules.toml');
    writeFileSync(
      file,
      `[[rules]]\nid = "${name}"\nregex = '''${regex.key}'''\nkeywords = ${JSON.stringify(keywords)}\n`,
    );
    const args = (folder: string, report: string) => ARGUMENTS.gitleaks(folder, report, file);
    expect(found(scan(scanners.gitleaks ?? '', texts, args))).toEqual(expected);
  },
);
