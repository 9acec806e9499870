import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, inject, test } from 'vitest';
import { readResources } from '../package/packaged.ts';
import { allowsOf } from './ablate-template.ts';
import { readAblationPage } from './ablation-page.ts';

const ROOT = join(import.meta.dirname, '../..');

test.skipIf(inject('python') === undefined)(
  'each permission is on the page, with the test that misses it',
  () => {
    const rows = readAblationPage(readFileSync(join(ROOT, 'docs/least-privilege.md'), 'utf8'));
    const names = allowsOf(readResources()).map(({ name }) => name);
    const suite = globSync('test/aws-emulator/*.ts', { cwd: ROOT }).map((file) =>
      readFileSync(join(ROOT, file), 'utf8'),
    );
    const titles = rows.flatMap(({ driven }) => driven?.replace(/: \w+$/, ': %s') ?? []);

    expect(rows.map(({ name }) => name).sort()).toEqual(names.sort());
    expect(rows.filter(({ driven, evaluated }) => driven === undefined && !evaluated)).toEqual([]);
    expect(titles.filter((title) => !suite.some((text) => text.includes(title)))).toEqual([]);
  },
);
