import { circles, floors, importGraph, wrongImports } from './import-rules.ts';
import { readSources, type SourceFile } from './read-sources.ts';

// Prints the figures of the import graph: node test/architecture/print.ts [folder of the project]

const all = readSources(process.argv[2] ?? '.');

function print(title: string, files: readonly SourceFile[]): void {
  say(`\n${title}: ${files.length} files`);
  for (const unit of ['folder', 'file'] as const) {
    const graph = importGraph(files, unit);
    const arrows = [...graph.values()].reduce((sum, targets) => sum + targets.size, 0);
    const found = circles(graph);
    say(`  ${unit}s: ${graph.size}, floors ${floors(graph)}, arrows ${arrows}, circles ${found.length}`);
    for (const circle of found) say(`    circle: ${circle.join(', ')}`);
  }
  const longest = files.toSorted((a, b) => b.lines - a.lines).slice(0, 3);
  say(`  longest files: ${longest.map(({ lines, path }) => `${path} (${lines})`).join(', ')}`);
  const functions = files.flatMap((file) => file.functions.map((one) => ({ ...one, path: file.path })));
  const most = functions.toSorted((a, b) => b.lines - a.lines).slice(0, 3);
  say(
    `  longest functions: ${most.map(({ lines, name, path }) => `${name} in ${path} (${lines})`).join(', ')}`,
  );
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Without imports of files outside of the folders, such as those of the tests from the product. */
function within(...folders: string[]): SourceFile[] {
  const isIn = (path: string): boolean => folders.some((folder) => path.startsWith(`${folder}/`));
  return all
    .filter(({ path }) => isIn(path))
    .map((file) => ({ ...file, imports: file.imports.filter(({ to }) => isIn(to) && to.endsWith('.ts')) }));
}

print('lib', within('lib'));
print('handlers, cli and lib', within('handlers', 'cli', 'lib'));
print('sandbox', within('sandbox'));
print('bench', within('bench'));
print('test', within('test'));
const wrong = wrongImports(all);
say(`\nimports in a wrong direction: ${wrong.length}`);
for (const one of wrong) say(`  ${one}`);
