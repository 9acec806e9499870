import { existsSync, statSync } from 'node:fs';
import { join, posix } from 'node:path';
import { describe, expect, test } from 'vitest';
import { anchors, inlineCode, type Page, pages, prose, root } from '../support/pages.ts';

interface Link {
  /** Relative to the root of the project. */
  readonly path: string;
  readonly anchor: string | undefined;
}

/** The links of a page that stay in the project. */
function links(page: Page): Link[] {
  return [...prose(page).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => {
      const [path = '', anchor] = target.split('#');
      return { path: path === '' ? page.path : posix.join(posix.dirname(page.path), path), anchor };
    });
}

/** Folders and files of the project, as the documentation names them. */
const PATH =
  /^(?:handlers|cli|lib|sandbox|events|test|bench|docs|deploy|\.ci|\.github)\/[\w./-]*$|^[\w-]+\.(?:cjs|yml|md)$|^\.(?:npmrc|nvmrc|editorconfig)$/;

function pageAt(path: string): Page | undefined {
  return pages.find((page) => page.path === path);
}

describe.each(pages)('$path', (page) => {
  test('links to files that exist', () => {
    const broken = links(page).filter(({ path }) => !existsSync(join(root, path)));
    expect(broken).toEqual([]);
  });

  test('links to headings that exist', () => {
    const broken = links(page).filter(({ anchor, path }) => {
      if (anchor === undefined) return false;
      const target = pageAt(path);
      return target === undefined || !anchors(target).includes(anchor);
    });
    expect(broken).toEqual([]);
  });

  test('names files that exist', () => {
    const missing = inlineCode(page).filter((code) => PATH.test(code) && !existsSync(join(root, code)));
    expect(missing).toEqual([]);
  });
});

test('every page can be reached from the README', () => {
  const reached = new Set(['README.md']);
  for (const path of reached) {
    const page = pageAt(path);
    for (const link of page === undefined ? [] : links(page)) reached.add(link.path);
  }
  expect(pages.map(({ path }) => path).filter((path) => !reached.has(path))).toEqual([]);
});

test('the documentation names some of the files', () => {
  const named = new Set(pages.flatMap((page) => inlineCode(page).filter((code) => PATH.test(code))));
  expect(named.size).toBeGreaterThan(30);
  expect(
    [...named].filter((path) => path.endsWith('/') && !statSync(join(root, path)).isDirectory()),
  ).toEqual([]);
});
