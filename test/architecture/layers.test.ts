import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { circles, floors, importGraph, wrongImports } from './import-rules.ts';
import { parseSource, readSources } from './read-sources.ts';

describe('the imports of this project', () => {
  const files = readSources(join(import.meta.dirname, '../..'));

  test('are read from all folders', () => {
    const seen = new Set(files.map(({ path }) => path.split('/')[0]));
    expect([...seen].sort()).toEqual(['bench', 'cli', 'deploy', 'handlers', 'lib', 'sandbox', 'test']);
    expect(files.find(({ path }) => path === 'handlers/sweep-alerts.ts')?.imports).toContainEqual({
      to: 'lib/sweep/alerts/sweep-alerts.ts',
      kind: 'static',
    });
  });

  test('lead to files that exist', () => {
    const known = new Set(files.map(({ path }) => path));
    const missing = files.flatMap(({ imports, path }) =>
      imports
        .filter(({ to }) => to.endsWith('.ts') && !known.has(to))
        .map(({ to }) => `${path} imports ${to}`),
    );
    expect(missing).toEqual([]);
  });

  test('go down the layers', () => {
    expect(wrongImports(files)).toEqual([]);
  });

  test('make no circle between files', () => {
    expect(circles(importGraph(files, 'file'))).toEqual([]);
  });

  test('make no circle between folders', () => {
    expect(circles(importGraph(files, 'folder'))).toEqual([]);
  });
});

describe('an import', () => {
  test.each([
    ['of values', "import { a } from '../domain/a.ts';"],
    ['of types', "import type { A } from '../domain/a.ts';"],
    ['for its effect', "import '../domain/a.ts';"],
    ['over several lines', "import {\n  a,\n  type B,\n} from '../domain/a.ts';"],
    ['that is exported again', "export { a } from '../domain/a.ts';"],
    ['of types that are exported again', "export type { A } from '../domain/a.ts';"],
    ['of everything that is exported again', "export * from '../domain/a.ts';"],
    ['instead of a type', "type A = import('../domain/a.ts').A;"],
  ])('%s is read', (_, text) => {
    expect(parseSource('lib/aws/b.ts', text).imports).toEqual([{ to: 'lib/domain/a.ts', kind: 'static' }]);
  });

  test('at run time is read as dynamic', () => {
    const { imports } = parseSource('lib/aws/b.ts', "const { a } = await import('../domain/a.ts');");
    expect(imports).toEqual([{ to: 'lib/domain/a.ts', kind: 'dynamic' }]);
  });

  test('of a package, and the text of an import in a string or a comment, is left out', () => {
    const text = "import * as z from 'zod/mini';\n// import '../a.ts'\nconst text = \"import '../a.ts'\";";
    expect(parseSource('lib/aws/b.ts', text).imports).toEqual([]);
  });

  test.each([
    ['lib/domain/a.ts', '../platform/b.ts', 'lib/platform is above lib/domain'],
    ['lib/sweep/keys/a.ts', '../../containment/b.ts', 'lib/containment is above lib/sweep'],
    ['lib/audit/digest/a.ts', '../../identify/b.ts', 'lib/identify is above lib/audit'],
    ['lib/containment/a.ts', '../../cli/b.ts', 'cli is above lib/containment'],
    ['lib/clients/a.ts', '../cold-start/b.ts', 'only handlers import lib/cold-start'],
    ['cli/a.ts', '../lib/cold-start/b.ts', 'only handlers import lib/cold-start'],
    ['lib/cold-start/a.ts', '../../handlers/b.ts', 'handlers is above lib/cold-start'],
    ['lib/aws/a.ts', '../../sandbox/b.ts', 'the product does not import sandbox'],
    ['handlers/a.ts', '../test/b.ts', 'the product does not import test'],
    ['cli/a.ts', '../sandbox/b.ts', 'the product does not import sandbox'],
    ['sandbox/a.ts', '../test/b.ts', 'sandbox may import only lib'],
    ['bench/a.ts', '../test/b.ts', 'bench may import only lib, sandbox'],
    ['test/a.ts', '../bench/b.ts', 'test may import only handlers, cli, lib, sandbox, deploy'],
    ['lib/aws/a.ts', '../utils/b.ts', 'one of them is in no layer'],
  ])('of %s from %s is reported with both files', (path, specifier, reason) => {
    const file = parseSource(path, `import type { B } from '${specifier}';`);
    const [{ to } = { to: '' }] = file.imports;
    expect(wrongImports([file])).toEqual([`${path} imports ${to}: ${reason}`]);
  });

  test.each([
    ['handlers/a.ts', "import '../lib/cold-start/b.ts';"],
    ['lib/cold-start/a.ts', "import '../containment/b.ts';"],
    ['lib/containment/a.ts', "import '../sweep/keys/b.ts';"],
    ['lib/audit/a.ts', "import './b.ts';"],
    ['cli/a.ts', "await import('../sandbox/b.ts');"],
    ['sandbox/a.ts', "import '../lib/domain/b.ts';"],
    ['bench/a.ts', "import '../sandbox/b.ts';"],
    ['test/a.ts', "import '../lib/cold-start/b.ts';"],
    ['test/a.ts', "import manifest from '../package.json' with { type: 'json' };"],
  ])('of %s as in %s is allowed', (path, text) => {
    expect(wrongImports([parseSource(path, text)])).toEqual([]);
  });

  test('of a computed path is reported in the product, since its direction is not known', () => {
    const text = "const load = (name: string) => import('../domain' + name + '.ts');";
    expect(wrongImports([parseSource('lib/aws/a.ts', text)])).toEqual([
      'lib/aws/a.ts imports a path that is computed at run time',
    ]);
    expect(wrongImports([parseSource('test/support/a.ts', text)])).toEqual([]);
  });

  test('from outside of all layers is reported', () => {
    expect(wrongImports([parseSource('lib/loose.ts', '')])).toEqual(['lib/loose.ts is in no layer']);
  });
});

describe('a circle', () => {
  const files = [
    parseSource('lib/aws/a.ts', "import './b.ts';"),
    parseSource('lib/aws/b.ts', "import type { C } from '../aws/c.ts';"),
    parseSource('lib/aws/c.ts', "import '../platform/d.ts'; export * from './a.ts';"),
    parseSource('lib/platform/d.ts', "import '../domain/e.ts';"),
    parseSource('lib/domain/e.ts', ''),
  ];

  test('of files is reported with all its files and no other', () => {
    expect(circles(importGraph(files, 'file'))).toEqual([['lib/aws/a.ts', 'lib/aws/b.ts', 'lib/aws/c.ts']]);
  });

  test('of folders is reported although no two files import each other', () => {
    const back = parseSource('lib/domain/f.ts', "import '../aws/g.ts';");
    expect(circles(importGraph(files, 'folder'))).toEqual([]);
    expect(circles(importGraph([...files, back], 'folder'))).toEqual([
      ['lib/aws', 'lib/domain', 'lib/platform'],
    ]);
  });

  test('counts as one floor', () => {
    expect(floors(importGraph(files, 'file'))).toBe(3);
    expect(floors(importGraph(files, 'folder'))).toBe(3);
  });
});

test('the lines of a function are counted from its first to its last', () => {
  const { functions, lines } = parseSource(
    'lib/aws/a.ts',
    'export function a() {\n  return () => {\n  };\n}\n',
  );
  expect(lines).toBe(4);
  expect(functions).toEqual([
    { name: 'a', lines: 4 },
    { name: 'anonymous', lines: 2 },
  ]);
});
