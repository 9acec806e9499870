import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorFields } from '../../lib/platform/log.ts';
import { type Source, SourceError, type SourceFile } from './source.ts';

/** A copy of the bucket in a folder, as `aws s3 sync` makes it. */
export function folderSource(root: string): Source {
  return {
    list: (prefix, startAfter = '') => walk(root, '', { prefix, startAfter }),
    async read(key) {
      try {
        return await readFile(join(root, ...key.split('/')));
      } catch (error) {
        throw failed(key, error);
      }
    },
  };
}

interface Range {
  readonly prefix: string;
  readonly startAfter: string;
}

/** A folder's name sorts with the slash after it, so that keys come in the order in which S3 lists them. */
async function* walk(root: string, folder: string, range: Range): AsyncGenerator<SourceFile> {
  const keys = (await entries(root, folder)).filter((key) => mayHold(key, range)).sort(byBytes);
  for (const key of keys) {
    if (key.endsWith('/')) yield* walk(root, key, range);
    else if (key.startsWith(range.prefix)) yield { key };
  }
}

async function entries(root: string, folder: string): Promise<string[]> {
  try {
    const found = await readdir(join(root, folder), { withFileTypes: true });
    return found.flatMap((entry) => {
      if (entry.isDirectory()) return [`${folder}${entry.name}/`];
      return entry.isFile() ? [`${folder}${entry.name}`] : [];
    });
  } catch (error) {
    throw failed(folder, error);
  }
}

function mayHold(key: string, { prefix, startAfter }: Range): boolean {
  const isInPrefix = key.startsWith(prefix) || (key.endsWith('/') && prefix.startsWith(key));
  return isInPrefix && (byBytes(key, startAfter) > 0 || startAfter.startsWith(key));
}

/** The order of UTF-8 bytes, which is that of code points, and of code units up to U+D7FF. */
function byBytes(a: string, b: string): number {
  if (SIMPLE.test(a) && SIMPLE.test(b)) return a < b ? -1 : Number(a > b);
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
const SIMPLE = /^[\0-\ud7ff]*$/;

function failed(key: string, error: unknown): SourceError {
  const { code, error: name } = errorFields(error);
  return new SourceError(`${key || 'the folder'} cannot be read (${code ?? name})`);
}
