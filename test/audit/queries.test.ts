import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { writeLog } from '../support/log-folder.ts';

// The queries of docs/athena.md, as they stand there, on the same files. DuckDB speaks Athena's SQL but for two functions.

const page = readFileSync('docs/athena.md', 'utf8');
const queries = new Map(
  [...page.matchAll(/```sql\n-- (.+)\n([\s\S]+?);\n```/g)].map(([, name = '', sql = '']) => [name, sql]),
);

let folder: string;
let database: DuckDBConnection;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'audit-log-'));
  writeLog(folder);
  database = await (await DuckDBInstance.create()).connect();
  const files = join(folder, 'records/**/*.json');
  await database.run(`
    CREATE VIEW audit AS
      SELECT * FROM read_json('${files}', hive_partitioning = true, union_by_name = true, sample_size = -1);
    CREATE MACRO from_unixtime(seconds) AS to_timestamp(seconds);
    CREATE MACRO approx_percentile(value, q) AS quantile_disc(value, q);
  `);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function ask(name: string) {
  const sql = queries.get(name);
  if (sql === undefined) throw new Error(`docs/athena.md has no query "${name}"`);
  return (await database.runAndReadAll(sql)).getRowObjectsJson();
}

test('"outcomes by day" counts reports', async () => {
  const rows = await ask('outcomes by day');

  expect(rows).toHaveLength(9);
  expect(rows).toContainEqual({ date: '2026-07-29', status_code: 'escalated', reports: '1' });
});

test('"seconds from the leak to the proof" gives the median and the 95th percentile', async () => {
  expect(await ask('seconds from the leak to the proof')).toEqual([
    { revoked: '15', median: 2.4, p95: 5400 },
  ]);
});

test('"what a person still has to do" lists escalations with their next step', async () => {
  const rows = await ask('what a person still has to do');

  expect(rows.map(({ command_uid }) => command_uid)).toEqual([
    'github.com/acme/webshop/secret-scanning/18',
    'github.com/acme/webshop/secret-scanning/19',
  ]);
});

test('"intents without an outcome" lists what the reconciler would find', async () => {
  expect(await ask('intents without an outcome')).toMatchObject([
    { report_id: expect.stringContaining('github/acme/webshop/20/') },
  ]);
});

test('"alerts that are still open although the key is dead" gives the reason', async () => {
  expect(await ask('alerts that are still open although the key is dead')).toHaveLength(3);
});

test('docs/athena.md has no query that is not run here', () => {
  expect([...queries.keys()]).toHaveLength(5);
});
