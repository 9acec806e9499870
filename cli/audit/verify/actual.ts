import { NOT_COVERED } from '../../../lib/audit/digest/format.ts';
import type { Source, SourceVersion } from '../log/source.ts';

/** All versions of all files that a digest may list, in the order of the keys. */
export async function* actualFiles(source: Source, startAfter = ''): AsyncGenerator<SourceVersion> {
  let after: string | undefined = startAfter;
  while (after !== undefined) {
    const from: string = after;
    after = undefined;
    for await (const version of source.versions('', from)) {
      const skipped = NOT_COVERED.find((prefix) => version.key.startsWith(prefix));
      if (skipped !== undefined) {
        after = endOf(skipped);
        break;
      }
      yield version;
    }
  }
}

/** Sorts after all keys with a prefix that ends with a slash, and before all that follow them. */
function endOf(prefix: string): string {
  return `${prefix.slice(0, -1)}0`;
}
