import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { configurationPage } from '../../deploy/configuration-page.ts';
import { parameters, variables } from '../../deploy/settings.ts';

const written = readFileSync(join(import.meta.dirname, '../../docs/configuration.md'), 'utf8');

/** The first cells of the tables with this header. */
const firstCells = (header: string): string[] => {
  const [, ...tables] = written.split(`| ${header} |`);
  return tables.flatMap((table) => {
    const [rows = ''] = table.split('\n\n');
    return rows.split('\n').flatMap((row) => /^\| `([^`]+)`/.exec(row)?.[1] ?? []);
  });
};

describe('docs/configuration.md', () => {
  test('is what `npm run docs:configuration` writes', () => {
    expect(written).toBe(configurationPage());
  });

  test('has a row for each parameter and each variable', () => {
    expect(firstCells('parameter')).toEqual(parameters.map(({ parameter }) => parameter));
    expect(new Set(firstCells('variable'))).toEqual(new Set(variables.map(({ variable }) => variable)));
  });

  test('names parameters that exist in its examples', () => {
    const named = [...written.matchAll(/--param (\w+)=/g)].map(([, name]) => name);

    expect(named.length).toBeGreaterThan(2);
    expect(named.filter((name) => !parameters.some(({ parameter }) => parameter === name))).toEqual([]);
  });

  test('has tables whose rows all have as many cells as their header', () => {
    const tables = written.split('\n\n').filter((block) => block.startsWith('| '));
    const cells = (row: string) => row.split('|').length;

    expect(tables.length).toBeGreaterThan(5);
    for (const table of tables) {
      const [header = '', ...rows] = table.trim().split('\n');
      expect(rows.filter((row) => cells(row) !== cells(header))).toEqual([]);
    }
  });
});
