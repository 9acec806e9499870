import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { findTokens } from '../../lib/domain/find-tokens.ts';
import { orgKey, token, userKey, withKeys, withoutKeys } from '../support/detector-samples.ts';

const page = readFileSync(new URL('../../docs/detectors/github-custom-pattern.md', import.meta.url), 'utf8');

/** The patterns of the page: each has a secret format, and what comes before and after it. */
const patterns = [...page.matchAll(/^Pattern name: `(.+)`$/gm)].map(({ 1: name = '', index }) => {
  const [format, before, after] = [...page.slice(index).matchAll(/```regex\n(.+)\n```/g)].map(
    ([, regex]) => regex ?? '',
  );
  return { name, format: format ?? '', before: before ?? '', after: after ?? '' };
});
const [devin, legacy] = patterns;

/** What GitHub would report. Hyperscan's `\A` and `\z` are JavaScript's `^` and `$` without the flag `m`. */
function reported(pattern: (typeof patterns)[number] | undefined, text: string): string[] {
  if (pattern === undefined) throw new Error('the page lacks a pattern');
  const [before, format, after] = [pattern.before, pattern.format, pattern.after].map((regex) =>
    regex.replaceAll('\\A', '^').replaceAll('\\z', '$'),
  );
  const whole = new RegExp(`(?<=${before})(?:${format})(?=${after})`, 'g');
  return [...text.matchAll(whole)].map(([secret]) => secret);
}

const hex = '0123456789abcdef'.repeat(2);

test('the page has a pattern for Devin API keys and one for legacy keys', () => {
  expect(patterns.map(({ name }) => name)).toEqual(['Devin API key', 'Devin legacy API key']);
});

test('the patterns keep to what Hyperscan supports', () => {
  for (const { after, before, format } of patterns) {
    // https://intel.github.io/hyperscan/dev-reference/compilation.html#pattern-support
    for (const regex of [after, before, format])
      expect(regex).not.toMatch(/\(\?[=!<>i]|\\[1-9bKGX]|[*+?}]\+/);
  }
});

describe('the pattern for Devin API keys', () => {
  test.each(withKeys)(
    'finds it in %s, and what it reports is the token to revoke',
    (_title, text, expected) => {
      const secrets = reported(devin, text);
      expect(secrets).toEqual(expected);
      for (const secret of secrets) {
        const found = findTokens(secret);
        expect(found.kind === 'tokens' ? found.tokens.map((each) => each.reveal()) : found).toEqual([secret]);
      }
    },
  );

  test.each(withoutKeys)('finds none in %s', (_title, text) => {
    expect(reported(devin, text)).toEqual([]);
  });
});

describe('the pattern for legacy keys', () => {
  test.each<[string, string, string[]]>([
    ['a key of a user', `KEY=${userKey}\n`, [userKey]],
    ['a key of an organisation', `KEY="${orgKey}"`, [orgKey]],
    ['both', `${userKey} ${orgKey}`, [userKey, orgKey]],
  ])('finds %s', (_title, text, expected) => {
    const secrets = reported(legacy, text);
    expect(secrets).toEqual(expected);
    for (const secret of secrets) {
      expect(findTokens(secret)).toMatchObject({ kind: 'legacy', owners: [{ org_id: `org-${hex}` }] });
    }
  });

  test('finds none in a path or a Devin API key', () => {
    for (const text of ['apk_build/outputs/apk/debug/app-debug.apk', token])
      expect(reported(legacy, text)).toEqual([]);
  });
});
