import type { AlertName } from './github.ts';
import type { Sandbox } from './index.ts';
import type { S3Object } from './s3.ts';

// What the functions left behind, as the stories and the tests ask for it.

/** The alert as GitHub would show it now. */
export function alertOf({ github }: Pick<Sandbox, 'github'>, { owner, repo, number }: AlertName) {
  return github.alert(owner, repo, number);
}

/** The ids of the keys for which a DELETE was sent to Devin, in order. */
export function deletedKeys({ devin }: Pick<Sandbox, 'devin'>): string[] {
  return devin.requests
    .filter(({ method }) => method === 'DELETE')
    .map(({ path }) => path.split('/').at(-1) ?? '');
}

/** The outcome records as they are stored. */
export function outcomeObjects({ s3 }: Pick<Sandbox, 's3'>): S3Object[] {
  return s3.objects('records/').filter(({ key }) => key.endsWith('/90-outcome.json'));
}

/** The outcome records, parsed; `unmapped` holds the fields of the outcome. */
export function outcomeRecords(sandbox: Pick<Sandbox, 's3'>): StoredRecord[] {
  return outcomeObjects(sandbox).map(({ body }) => JSON.parse(body));
}

/** All records by the last part of their path, oldest first; the ids of attempts and DELETEs are left out of their names. */
export function namedRecords({ s3 }: Pick<Sandbox, 's3'>): { name: string; record: StoredRecord }[] {
  return s3.objects('records/').map(({ body, key }) => ({
    name: (key.split('/').at(-1) ?? '').replace(/(attempt|delete)-[\w.=-]+(?=\.json)/, '$1'),
    record: JSON.parse(body),
  }));
}

export interface StoredRecord {
  readonly status_code: string;
  readonly unmapped: { readonly status: string; readonly [name: string]: unknown };
  readonly [name: string]: unknown;
}
