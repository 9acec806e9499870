import { readdir, readFile, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { awsEnvironment } from '../../lib/aws/environment.ts';
import { s3List } from '../../lib/aws/list-objects.ts';
import { s3AuditStore } from '../../lib/aws/write-once-bucket.ts';
import { pooled } from '../../lib/platform/map-concurrent.ts';

/** A file of the audit log. `storedAt` (epoch milliseconds) is known in the bucket only: a copy has other times. */
export interface SourceFile {
  readonly key: string;
  readonly storedAt?: number;
}

/** Where the audit log is: the bucket, or a copy of it in a folder. */
export interface Source {
  list(): Promise<SourceFile[]>;
  /** @throws when the file cannot be read */
  read(key: string): Promise<Buffer>;
}

/** Wrong arguments on the command line. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** @param where a folder, or `s3://bucket` with credentials from the environment */
export async function openSource(
  where: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Source> {
  const bucket = /^s3:\/\/([a-z0-9.-]+)\/?$/.exec(where)?.[1];
  if (bucket !== undefined) return bucketSource(bucket, env);
  if (where.startsWith('s3:')) throw new UsageError(`${where} is not of the form s3://bucket`);
  const found = await stat(where).catch(() => undefined);
  if (!found?.isDirectory()) throw new UsageError(`${where} is not a folder`);
  return folderSource(where);
}

function folderSource(root: string): Source {
  return {
    async list() {
      const entries = await readdir(root, { recursive: true, withFileTypes: true });
      return entries
        .filter((entry) => entry.isFile())
        .map((entry) => ({ key: relative(root, join(entry.parentPath, entry.name)).split(sep).join('/') }))
        .sort((a, b) => (a.key < b.key ? -1 : 1));
    },
    read: (key) => readFile(join(root, ...key.split('/'))),
  };
}

function bucketSource(bucket: string, env: Readonly<Record<string, string | undefined>>): Source {
  const aws = awsEnvironment(env);
  const list = s3List(aws, bucket);
  const store = s3AuditStore(aws, bucket);
  const retry = () => ({ deadline: Date.now() + 60_000 });
  return {
    list: () => list('', retry()),
    async read(key) {
      const found = await store.get(key, retry());
      if (!found.ok) throw new Error(`${key} cannot be read: ${found.reason}`);
      if (found.text === undefined) throw new Error(`${key} does not exist`);
      return Buffer.from(found.text);
    },
  };
}

/** Reads files, at most 16 at a time. @returns what `use` made of them, in their order */
export function readAll<T>(
  source: Source,
  keys: readonly string[],
  use: (key: string, bytes: Buffer) => T,
): Promise<T[]> {
  return pooled(keys, 16, async (key) => use(key, await source.read(key)));
}
