import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorFields } from '../../../lib/platform/log.ts';
import { compareKeys, type Source, SourceError, type SourceVersion } from './source.ts';

/** A copy of the bucket in a folder, as `aws s3 sync` makes it. */
export function folderSource(root: string): Source {
  const list = (prefix: string, startAfter = '') => walk(root, '', { prefix, startAfter });
  return {
    name: root,
    list,
    versions: list,
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
async function* walk(root: string, folder: string, range: Range): AsyncGenerator<SourceVersion> {
  const keys = (await entries(root, folder)).filter((key) => mayHold(key, range)).sort(compareKeys);
  for (const key of keys) {
    if (key.endsWith('/')) yield* walk(root, key, range);
    else if (key.startsWith(range.prefix)) yield { key, isDeleteMarker: false };
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
  const isAfter = compareKeys(key, startAfter) > 0 || (key.endsWith('/') && startAfter.startsWith(key));
  return isInPrefix && isAfter;
}

function failed(key: string, error: unknown): SourceError {
  const { code, error: name } = errorFields(error);
  return new SourceError(`${key || 'the folder'} cannot be read (${code ?? name})`);
}
