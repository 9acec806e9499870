import { readdir, readFile, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { parse } from 'yaml';
import { configurationPage } from './configuration-page.ts';
import { stageFile } from './stage-file.ts';

await writeFile(new URL('../docs/configuration.md', import.meta.url), configurationPage());

// The values of a stage stay; a new parameter is added with its default.
const stages = new URL('stages/', import.meta.url);
for (const name of await readdir(stages)) {
  const file = new URL(name, stages);
  const values: Record<string, unknown> = parse(await readFile(file, 'utf8')) ?? {};
  await writeFile(file, stageFile(basename(name, '.yml'), values));
}
