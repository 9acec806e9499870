import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { Outcome } from '../lib/domain/outcome.ts';
import { readEvent } from '../lib/intake/event.ts';
import { DigestConfig, ReconcileConfig, RevokeConfig, WebhookConfig } from '../lib/platform/config.ts';
import { SweepAlertsConfig } from '../lib/sweep/alerts/config.ts';
import { SweepKeysConfig } from '../lib/sweep/keys/config.ts';
import packageJson from '../package.json' with { type: 'json' };

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

/** The first cells of the tables that begin with this header. */
function firstCells(header: string): string[] {
  const [, ...tables] = readme.split(`| ${header} |`);
  return tables.flatMap((table) => {
    const [rows = ''] = table.split('\n\n');
    const cells = rows
      .split('\n')
      .slice(2)
      .map((row) => row.split('|')[1] ?? '');
    return cells.map((cell) => cell.replaceAll('`', '').trim());
  });
}

describe('the README', () => {
  test('names every status of an outcome, and no other', () => {
    const statuses = Outcome.def
      .getter()
      .def.options.map((option) => [...option.def.shape.status.def.values][0]);

    expect(firstCells('status')).toEqual(statuses);
  });

  test('names every setting, and no other', () => {
    const configs = [
      WebhookConfig,
      RevokeConfig,
      SweepKeysConfig,
      SweepAlertsConfig,
      DigestConfig,
      ReconcileConfig,
    ];
    const settings = new Set(configs.flatMap((config) => Object.keys(config.shape)));

    expect([...new Set(firstCells('variable'))].sort()).toEqual([...settings].sort());
  });

  test('names commands that exist', () => {
    const named = [...readme.matchAll(/npm (?:run (?:-s )?)?([a-z][\w:-]*)/g)].map(([, name]) => name ?? '');
    const known = new Set([...Object.keys(packageJson.scripts), 'ci']);

    expect(named.length).toBeGreaterThan(10);
    expect(named.filter((name) => !known.has(name) && name !== 'registry')).toEqual([]);
  });

  test('shows requests that the function takes', () => {
    const blocks = [...readme.matchAll(/```json\n([\s\S]*?)```/g)].map(([, json]) => JSON.parse(json ?? ''));

    expect(blocks).toHaveLength(4);
    for (const block of blocks) {
      const request = typeof block.Detail === 'string' ? JSON.parse(block.Detail) : block;
      expect(readEvent(request, { requestId: 'f3b1c2', now: 0 })).toMatchObject({ kind: 'direct' });
    }
  });

  test('links to headings that exist', () => {
    const headings = [...readme.matchAll(/^#+ (.*)$/gm)].map(([, text = '']) =>
      text
        .toLowerCase()
        .replace(/[^\w -]/g, '')
        .replaceAll(' ', '-'),
    );
    const links = [...readme.matchAll(/\]\(#([^)]+)\)/g)].map(([, anchor]) => anchor);

    expect(links.filter((anchor) => !headings.includes(anchor ?? ''))).toEqual([]);
  });
});
