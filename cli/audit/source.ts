/** A file of the audit log. `storedAt` (epoch milliseconds) is known in the bucket only: a copy has other times. */
export interface SourceFile {
  readonly key: string;
  readonly storedAt?: number;
}

/** Where the audit log is: the bucket, or a copy of it in a folder. Failures are {@link SourceError}s. */
export interface Source {
  /** The files whose keys begin with `prefix` and sort after `startAfter`, in the byte order of their keys. */
  list(prefix: string, startAfter?: string): AsyncIterable<SourceFile>;
  /** Safe to be called many times at once. */
  read(key: string): Promise<Buffer>;
}

/** The log cannot be listed or read. */
export class SourceError extends Error {
  override readonly name = 'SourceError';
}
