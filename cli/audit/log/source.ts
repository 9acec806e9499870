/** A file of the audit log. `storedAt` (epoch milliseconds) is known in the bucket only: a copy has other times. */
export interface SourceFile {
  readonly key: string;
  readonly storedAt?: number;
}

/** One version of a file, or a delete marker. A copy in a folder has one version of each file, without an id. */
export interface SourceVersion extends SourceFile {
  readonly versionId?: string;
  readonly isDeleteMarker: boolean;
}

/** Where the audit log is: the bucket, or a copy of it in a folder. Failures are {@link SourceError}s. */
export interface Source {
  /** For people: the folder, or `s3://bucket`. */
  readonly name: string;
  /** The files whose keys begin with `prefix` and sort after `startAfter`, in the byte order of their keys. */
  list(prefix: string, startAfter?: string): AsyncIterable<SourceFile>;
  /** As `list`; the versions of one file follow each other, the latest first. */
  versions(prefix: string, startAfter?: string): AsyncIterable<SourceVersion>;
  /** The latest version. Safe to be called many times at once. */
  read(key: string): Promise<Buffer>;
}

/** The log cannot be listed or read. */
export class SourceError extends Error {
  override readonly name = 'SourceError';
}

/** The order of keys in S3: of UTF-8 bytes, which is that of UTF-16 code units up to U+D7FF. */
export function compareKeys(a: string, b: string): number {
  if (SIMPLE.test(a) && SIMPLE.test(b)) return a < b ? -1 : Number(a > b);
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
const SIMPLE = /^[\0-\ud7ff]*$/;
