import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseDocument } from 'yaml';
import packageJson from '../../package.json' with { type: 'json' };
import { scenarios } from '../../sandbox/scenarios.ts';
import { blocks, inlineCode, pages, readPage, root, rows } from '../support/pages.ts';
import { runCli } from '../support/run-cli.ts';

/** What a reader may type: the shell blocks and what stands between backticks, and what CI runs. */
const typed = [
  ...pages.flatMap((page) => [...blocks(page, 'sh'), ...inlineCode(page)]),
  ...['.ci/run', '.github/workflows/ci.yml', '.github/pull_request_template.md'].map(
    (path) => readPage(path).text,
  ),
];

/** The first group of each match in what is typed. */
function all(pattern: RegExp): string[] {
  return typed.flatMap((text) => [...text.matchAll(pattern)].map(([, name = '']) => name));
}

describe('the documentation', () => {
  test('names npm commands that exist', () => {
    const named = all(/\bnpm (?:run (?:--silent |-s )?)?([a-z][\w:-]*)/g);
    // Commands of npm itself.
    const known = new Set([...Object.keys(packageJson.scripts), 'ci', 'audit']);

    expect(named.length).toBeGreaterThan(40);
    expect(named.filter((name) => !known.has(name))).toEqual([]);
  });

  test('names scenarios that exist', () => {
    const named = all(/--scenario ([\w-]+)/g);
    expect(named).not.toEqual([]);
    expect(named.filter((name) => !Object.hasOwn(scenarios, name))).toEqual([]);
  });

  test('names commands of the audit log that exist', async () => {
    const named = all(/npm run audit-log -- ([a-z]+)/g);
    const { stdout } = await runCli(['audit-log', '--help']);

    expect(new Set(named)).toEqual(new Set(['key', 'verify', 'show', 'report']));
    for (const name of named) expect(stdout).toMatch(new RegExp(`^ {2}${name} `, 'm'));
  });

  test('passes parameters that serverless.yml has', () => {
    const serverless = parseDocument(readFileSync(join(root, 'serverless.yml'), 'utf8'), {
      logLevel: 'silent',
    });
    // The configuration page says `--param name=value`.
    const named = all(/--param ["']?(\w+)=/g).filter((name) => name !== 'name');

    expect(named.length).toBeGreaterThan(3);
    expect(named.filter((name) => !serverless.hasIn(['params', 'default', name]))).toEqual([]);
  });

  test('passes event files that exist', () => {
    const files = all(/fileb:\/\/(events\/[\w.-]+)/g);
    expect(files).not.toEqual([]);
    expect(files.filter((file) => !existsSync(join(root, file)))).toEqual([]);
  });

  test('shows shell commands that a shell can parse', () => {
    for (const page of pages) {
      for (const block of blocks(page, 'sh')) {
        const { status, stderr } = spawnSync('bash', ['-n'], { input: block, encoding: 'utf8' });
        expect({ page: page.path, status, stderr }).toEqual({ page: page.path, status: 0, stderr: '' });
      }
    }
  });

  test('says which actions CI uses by a full commit hash', () => {
    const uses = [...readPage('.github/workflows/ci.yml').text.matchAll(/uses: (\S+)( # v[\d.]+)?/g)];
    expect(uses.length).toBeGreaterThan(1);
    for (const [, action, version] of uses) {
      expect(action).toMatch(/^[\w-]+\/[\w-]+@[0-9a-f]{40}$/);
      expect(version).toBeDefined();
    }
  });
});

test('the index of the decisions lists each of them, in order', () => {
  const files = pages.map(({ path }) => path).filter((path) => /^docs\/decisions\/\d/.test(path));
  const listed = [...readPage('docs/decisions/README.md').text.matchAll(/\]\((\d{4}-[\w-]+\.md)\)/g)];

  expect(listed.map(([, file]) => `docs/decisions/${file}`)).toEqual(files);
  for (const path of files) {
    const headings = [...readPage(path).text.matchAll(/^## (.*)$/gm)].map(([, heading]) => heading);
    expect(headings).toEqual(['Context', 'Choice', 'Alternatives', 'Consequences']);
    expect(readPage(path).text).toMatch(/^Date: \d{4}-\d{2}-\d{2}$/m);
  }
});

test('CONTRIBUTING.md explains every command', () => {
  const cells = rows(readPage('CONTRIBUTING.md'), 'command').map(([command = '']) => command);
  const explained = cells.flatMap((cell) =>
    [...cell.matchAll(/npm (?:run )?([a-z][\w:-]*)/g)].map(([, name = '']) => name),
  );
  expect(explained.sort()).toEqual(Object.keys(packageJson.scripts).sort());
});
