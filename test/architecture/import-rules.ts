import { posix } from 'node:path';
import type { Import, SourceFile } from './read-sources.ts';

/** The layers of the product, from the top. A file imports from its own layer and from those below it. */
const LAYERS = [
  'handlers',
  'cli',
  'lib/cold-start',
  'lib/drill',
  'lib/containment',
  'lib/aftermath',
  'lib/sweep',
  'lib/enroll',
  'lib/identify',
  'lib/notice',
  'lib/audit',
  'lib/intake',
  'lib/clients',
  'lib/aws',
  'lib/platform',
  'lib/domain',
];
/** What is not deployed, and the folders that each of them may import besides itself. */
const OUTSIDE: Readonly<Record<string, readonly string[]>> = {
  sandbox: ['lib'],
  deploy: [],
  bench: ['lib', 'sandbox'],
  test: ['handlers', 'cli', 'lib', 'sandbox', 'deploy'],
};

/** Every import in a wrong direction, as a sentence that names both files. */
export function wrongImports(files: readonly SourceFile[]): string[] {
  return files.flatMap((file) => [
    ...(layerOf(file.path) === undefined ? [`${file.path} is in no layer`] : []),
    ...file.imports.flatMap((one) => {
      const reason = wrong(file.path, one);
      return reason === undefined ? [] : [`${file.path} imports ${one.to}: ${reason}`];
    }),
    ...(file.computedImports > 0 && topOf(file.path) !== 'test'
      ? [`${file.path} imports a path that is computed at run time`]
      : []),
  ]);
}

function wrong(from: string, { kind, to }: Import): string | undefined {
  const [source, target] = [layerOf(from), layerOf(to)];
  // Tests read the manifest, which lies beside the folders.
  if (source === 'test' && !to.includes('/')) return undefined;
  if (source === undefined || target === undefined) return 'one of them is in no layer';
  if (source === target) return undefined;
  const outside = OUTSIDE[source];
  if (outside !== undefined) {
    return outside.includes(topOf(to)) ? undefined : `${source} may import only ${outside.join(', ')}`;
  }
  // A command with the option `--sandbox` loads the sandbox when the option is given.
  if (source === 'cli' && target === 'sandbox' && kind === 'dynamic') return undefined;
  if (OUTSIDE[target] !== undefined) return `the product does not import ${target}`;
  if (target === 'lib/cold-start' && source !== 'handlers') return 'only handlers import lib/cold-start';
  const isUpward = LAYERS.indexOf(target) < LAYERS.indexOf(source);
  return isUpward ? `${target} is above ${source}` : undefined;
}

/** The layer of a file, or the folder outside of the product; `undefined` for a file in none. */
export function layerOf(path: string): string | undefined {
  return [...LAYERS, ...Object.keys(OUTSIDE)].find((layer) => path.startsWith(`${layer}/`));
}

function topOf(path: string): string {
  return path.split('/')[0] ?? '';
}

/** Each name and the names that it points to, itself excluded. */
export type Graph = ReadonlyMap<string, ReadonlySet<string>>;

/** Who imports whom: between files, or between their folders. */
export function importGraph(files: readonly SourceFile[], unit: 'file' | 'folder'): Graph {
  const name = unit === 'file' ? (path: string) => path : posix.dirname;
  const graph = new Map<string, Set<string>>();
  const at = (path: string): Set<string> => {
    const found = graph.get(name(path)) ?? new Set();
    graph.set(name(path), found);
    return found;
  };
  for (const { imports, path } of files) {
    for (const { to } of imports) {
      at(to);
      if (name(to) !== name(path)) at(path).add(name(to));
    }
    at(path);
  }
  return graph;
}

/** The groups of names that reach each other, sorted; none in a graph that only goes one way. */
export function circles(graph: Graph): string[][] {
  const reach = new Map([...graph.keys()].map((name) => [name, reachable(graph, name)]));
  const groups = [...graph.keys()]
    .filter((name) => reach.get(name)?.has(name))
    .map((name) =>
      [...graph.keys()].filter((other) => reach.get(name)?.has(other) && reach.get(other)?.has(name)),
    );
  return [...new Map(groups.map((group) => [group.sort().join(' '), group])).values()];
}

function reachable(graph: Graph, from: string): Set<string> {
  const seen = new Set<string>();
  const open = [...(graph.get(from) ?? [])];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (seen.has(name)) continue;
    seen.add(name);
    open.push(...(graph.get(name) ?? []));
  }
  return seen;
}

/** The number of names on the longest way down; a circle counts as one step. */
export function floors(graph: Graph): number {
  const inCircle = new Map(circles(graph).flatMap((group) => group.map((name) => [name, group] as const)));
  const known = new Map<string, number>();
  const depth = (name: string): number => {
    const group = inCircle.get(name) ?? [name];
    const id = group.join(' ');
    const before = known.get(id);
    if (before !== undefined) return before;
    const below = group.flatMap((one) => [...(graph.get(one) ?? [])]).filter((one) => !group.includes(one));
    const found = 1 + Math.max(0, ...below.map(depth));
    known.set(id, found);
    return found;
  };
  return Math.max(0, ...[...graph.keys()].map(depth));
}
