import type { Key } from '../../domain/key.ts';
import type { OutcomeDraft } from '../../domain/outcome.ts';
import type { RecheckParts } from './recheck-before-delete.ts';

/** `recheckBeforeDelete` from beside the worker's bundle: of its reports, those of a sweep are the ones that can wait. */
export async function recheckSweptKey(key: Key, parts: RecheckParts): Promise<OutcomeDraft | undefined> {
  const { recheckBeforeDelete } = await import('./recheck-before-delete.ts');
  return recheckBeforeDelete(key, parts);
}
