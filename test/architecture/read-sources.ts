import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { parseAst } from 'vitest/node';

/** One import of a file of this project; `to` is a path from the root of the project. */
export interface Import {
  readonly to: string;
  /** `dynamic` is only loaded when the line is reached. */
  readonly kind: 'static' | 'dynamic';
}

export interface SourceFile {
  /** From the root of the project, with slashes. */
  readonly path: string;
  /** Imports and re-exports of files of this project, type-only ones included. */
  readonly imports: readonly Import[];
  /** Dynamic imports of a path that is put together at run time. */
  readonly computedImports: number;
  readonly lines: number;
  readonly functions: readonly { readonly name: string; readonly lines: number }[];
}

const FOLDERS = ['handlers', 'cli', 'lib', 'sandbox', 'bench', 'deploy', 'test'];

/** Every TypeScript file of the project. @param root folder of the project */
export function readSources(root: string): SourceFile[] {
  return FOLDERS.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((name) =>
      posix.join(folder, name.replaceAll('\\', '/')),
    ),
  )
    .filter((path) => path.endsWith('.ts'))
    .sort()
    .map((path) => parseSource(path, readFileSync(join(root, path), 'utf8')));
}

/** What one file imports, and how long it and its functions are. @throws {SyntaxError} */
export function parseSource(path: string, text: string): SourceFile {
  const imports: Import[] = [];
  const functions: { name: string; lines: number }[] = [];
  let computedImports = 0;
  const add = (source: unknown, kind: Import['kind']): void => {
    const specifier = isNode(source) ? source.value : undefined;
    if (typeof specifier !== 'string') computedImports += 1;
    else if (specifier.startsWith('.'))
      imports.push({ to: posix.join(posix.dirname(path), specifier), kind });
  };
  walk(parseAst(text, { lang: 'ts' }), (node, parent) => {
    if (node.type === 'ImportExpression') add(node.source, 'dynamic');
    // TSImportType is `import('./a.ts').A` instead of a type.
    else if (node.type === 'TSImportType' || /^(?:Import|Export\w*)Declaration$/.test(node.type)) {
      if (node.source) add(node.source, 'static');
    } else if (/^(?:FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/.test(node.type)) {
      functions.push({ name: nameOf(node, parent), lines: countLines(text.slice(node.start, node.end)) });
    }
  });
  return { path, imports, computedImports, functions, lines: countLines(text.trimEnd()) };
}

interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [name: string]: unknown;
}

function walk(value: unknown, visit: (node: Node, parent: Node | undefined) => void, parent?: Node): void {
  if (Array.isArray(value)) for (const item of value) walk(item, visit, parent);
  else if (isNode(value)) {
    visit(value, parent);
    for (const child of Object.values(value)) walk(child, visit, value);
  }
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && typeof (value as Node).type === 'string';
}

function nameOf(node: Node, parent: Node | undefined): string {
  for (const named of [node.id, parent?.id, parent?.key]) {
    if (isNode(named) && typeof named.name === 'string') return named.name;
  }
  return 'anonymous';
}

function countLines(text: string): number {
  return text.split('\n').length;
}
