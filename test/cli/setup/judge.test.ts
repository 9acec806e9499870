import { describe, expect, test } from 'vitest';
import { exitCodeOf, limited, missing, ok, unknown } from '../../../cli/setup/finding.ts';
import { DEVIN_PATTERN, judgePatterns } from '../../../cli/setup/org-pattern.ts';
import { faultsOf } from '../../../cli/setup/org-webhook.ts';
import { OPTIONS } from '../../../cli/setup/parse-options.ts';
import { USAGE } from '../../../cli/setup/usage.ts';
import { pages, readPage } from '../../support/pages.ts';

test('the help lists every option and no other, and the documentation passes only such', () => {
  const named = (text: string) => [...text.matchAll(/--([a-z][a-z-]+)/g)].map(([, name = '']) => name);
  const ofGh = ['scopes'];
  const inHelp = new Set(named(USAGE).filter((name) => !ofGh.includes(name)));
  const lines = pages.flatMap(({ text }) =>
    // A command goes on after a backslash.
    [...text.replaceAll('\\\n', ' ').matchAll(/npm run (?:--silent )?setup -- ([^`\n#|]*)/g)].map(
      ([, args = '']) => args,
    ),
  );

  expect([...inHelp].sort()).toEqual(Object.keys(OPTIONS).sort());
  expect(lines.length).toBeGreaterThan(6);
  for (const line of lines) expect(Object.keys(OPTIONS)).toEqual(expect.arrayContaining(named(line)));
});

test('the exit code names what is missing before what could not be checked', () => {
  const [fine, less, absent, unsure] = [
    ok('a', ''),
    limited('b', '', ''),
    missing('c', '', ''),
    unknown('d', ''),
  ];
  expect(exitCodeOf([])).toBe(0);
  expect(exitCodeOf([fine, less])).toBe(0);
  expect(exitCodeOf([fine, unsure])).toBe(4);
  expect(exitCodeOf([unsure, absent])).toBe(3);
});

test('the pattern that is created is the one of the documentation', () => {
  const [, section = ''] = readPage('docs/detectors/github-custom-pattern.md').text.split(
    '## Devin API keys',
  );
  const [format, before, after] = [...section.matchAll(/```regex\n(.+)\n```/g)].map(([, regex]) => regex);

  expect(section).toContain(`Pattern name: \`${DEVIN_PATTERN.name}\``);
  expect(DEVIN_PATTERN).toMatchObject({ pattern: format, start_delimiter: before, end_delimiter: after });
});

describe('a custom pattern', () => {
  const pattern = {
    name: 'Devin API key',
    pattern: 'cog_[a-z2-7]{52}',
    slug: 'devin_api_key',
    state: 'published',
    push_protection_enabled: true,
  } as const;
  const judge = (...patterns: object[]) =>
    judgePatterns(
      patterns.map((change) => ({ ...pattern, ...change })),
      { org: 'acme', secretTypes: ['devin_api_key'] },
    );

  test.each<[string, object[], string | undefined]>([
    ['none', [], undefined],
    ['one for something else', [{ slug: 'acme_key', pattern: 'acme_\\d+' }], undefined],
    ['published', [{}], 'ok'],
    ['published, without push protection', [{ push_protection_enabled: false }], 'limited'],
    ['not published', [{ state: 'unpublished' }], 'missing'],
    ['published under a slug that is ignored', [{ slug: 'devin_key' }], 'missing'],
    ['published beside one that is not', [{ state: 'unpublished', slug: 'cog' }, {}], 'ok'],
    ['of another form, under our slug', [{ pattern: 'c[o]g_\\S+' }], 'ok'],
  ])('%s', (_title, patterns, status) => {
    expect(judge(...patterns)?.status).toBe(status);
  });

  test('whose alerts are ignored comes with the setting to deploy', () => {
    expect(judge({ slug: 'devin_key' })).toMatchObject({
      mend: 'deploy with githubSecretTypes: devin_api_key,devin_key',
    });
  });
});

describe('a webhook', () => {
  const hook = {
    id: 1,
    active: true,
    events: ['secret_scanning_alert'],
    config: { url: 'https://hook.example.com/', content_type: 'json', insecure_ssl: '0' },
  };

  test.each<[string, object, number]>([
    ['as it should be', {}, 0],
    ['for all events', { events: ['*'] }, 0],
    ['that says nothing of TLS', { config: { content_type: 'json' } }, 0],
    ['with 0 as a number', { config: { content_type: 'json', insecure_ssl: 0 } }, 0],
    ['without an event', { events: [] }, 1],
    ['with nothing in order', { active: false, events: ['push'], config: { insecure_ssl: 1 } }, 4],
  ])('%s', (_title, change, faults) => {
    expect(faultsOf({ ...hook, ...change })).toHaveLength(faults);
  });
});
