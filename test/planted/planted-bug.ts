/** A fault that a test must notice. */
export interface PlantedBug {
  /** In kebab-case, unique. */
  readonly name: string;
  /** The file of the product that it changes. */
  readonly file: string;
  /** What it replaces, which the file has exactly once. */
  readonly find: string;
  readonly replace: string;
  readonly caughtBy: CaughtBy;
}

/** A test by its file and its title as it is written there; of `test.each` with its placeholders. */
export interface CaughtBy {
  readonly file: string;
  readonly title: string;
}

/** @throws {Error} unless the text has exactly one place for it */
export function plant({ file, find, name, replace }: PlantedBug, text: string): string {
  const [before, after, ...more] = text.split(find);
  if (before === undefined || after === undefined || more.length > 0) {
    throw new Error(`${name} does not apply: ${file} has ${text.split(find).length - 1} places for it`);
  }
  return before + replace + after;
}

/** The pattern of full titles, those of the groups before it: `%s` and `$name` stand for anything. */
export function titlePattern(title: string): string {
  return title
    .split(/%[sdifjoO#%]|\$[\w.]+/)
    .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    .join('.*');
}

/** Bugs of one file, and the file of the tests that notice them. */
export function bugsOf(
  file: string,
  tests: string,
  bugs: readonly (Omit<PlantedBug, 'file' | 'caughtBy'> & { readonly caughtBy: string })[],
): PlantedBug[] {
  return bugs.map(({ caughtBy, ...bug }) => ({ ...bug, file, caughtBy: { file: tests, title: caughtBy } }));
}
