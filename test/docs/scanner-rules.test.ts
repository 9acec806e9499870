import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { withKeys, withoutKeys } from '../support/detector-samples.ts';

const read = (name: string) => readFileSync(new URL(`../../docs/detectors/${name}`, import.meta.url), 'utf8');

/** The expression of each rule. The scanners themselves run them in `npm run test:detectors`. */
const expressions: [string, string][] = [
  ['gitleaks and betterleaks', /^regex = '''(.+)'''$/m.exec(read('gitleaks.toml'))?.[1] ?? ''],
  ['TruffleHog', parse(read('trufflehog.yml')).detectors[0].regex.key],
  ['kingfisher', parse(read('kingfisher.yml')).rules[0].pattern],
];

describe.each(expressions)('the rule for %s', (_scanner, expression) => {
  const found = (text: string) => [...text.matchAll(new RegExp(expression, 'g'))].map(([, key]) => key);

  test.each(withKeys)('finds the key in %s', (_title, text, keys) => {
    expect(found(text)).toEqual(keys);
  });

  test.each(withoutKeys)('finds none in %s', (_title, text) => {
    expect(found(text)).toEqual([]);
  });
});
