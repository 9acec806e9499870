import type { FirstName } from '../../aws/list-objects.ts';
import type { AuditStore } from '../../aws/write-once-bucket.ts';
import type { Key } from '../../domain/key.ts';
import type { OutcomeDraft } from '../../domain/outcome.ts';
import type { RecheckParts } from './recheck-before-delete.ts';

/** The kill switch is read from the bucket by `store` and `firstName`. */
export type SweptKeyParts = Omit<RecheckParts, 'stop'> & {
  readonly store: AuditStore;
  readonly firstName: FirstName;
};

/** `recheckBeforeDelete` from beside the worker's bundle: of its reports, those of a sweep are the ones that can wait. */
export async function recheckSweptKey(
  key: Key,
  { firstName, store, ...parts }: SweptKeyParts,
): Promise<OutcomeDraft | undefined> {
  const [{ killSwitch }, { recheckBeforeDelete }] = await Promise.all([
    import('./kill-switch.ts'),
    import('./recheck-before-delete.ts'),
  ]);
  return recheckBeforeDelete(key, { ...parts, stop: killSwitch(store, firstName) });
}
