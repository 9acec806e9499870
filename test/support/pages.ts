import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const root = join(import.meta.dirname, '../..');

/** A page of the documentation. */
export interface Page {
  /** Relative to the root of the project, with slashes. */
  readonly path: string;
  readonly text: string;
}

export function readPage(path: string): Page {
  return { path, text: readFileSync(join(root, path), 'utf8') };
}

/** All that a reader is given: the pages at the root, and those of docs/. */
export const pages: readonly Page[] = globSync(['*.md', 'docs/**/*.md'], { cwd: root })
  .map((path) => readPage(path.replaceAll('\\', '/')))
  .sort((a, b) => a.path.localeCompare(b.path));

/** The contents of the code blocks in a language. */
export function blocks({ text }: Page, language: string): string[] {
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map(
    ([, code = '']) => code,
  );
}

/** A page without its code blocks. */
export function prose({ text }: Page): string {
  return text.replace(/^```[\s\S]*?^```/gm, '');
}

/** What stands between backticks outside of code blocks. */
export function inlineCode(page: Page): string[] {
  return [...prose(page).matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code);
}

/** The rows of the tables that begin with this header, as their cells without backticks. */
export function rows({ text }: Page, header: string): string[][] {
  const [, ...tables] = text.split(`\n| ${header} |`);
  return tables.flatMap((table) => {
    const [body = ''] = table.split('\n\n');
    return body
      .split('\n')
      .slice(2)
      .filter((row) => row.startsWith('|'))
      .map((row) =>
        row
          .split('|')
          .slice(1, -1)
          .map((cell) => cell.replaceAll('`', '').trim()),
      );
  });
}

/** The anchors of a page's headings, as GitHub makes them. */
export function anchors(page: Page): string[] {
  return [...prose(page).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\w -]/g, '')
      .replaceAll(' ', '-'),
  );
}
