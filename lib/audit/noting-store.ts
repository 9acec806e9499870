import type { AuditStore } from '../aws/write-once-bucket.ts';
import { log } from '../platform/log.ts';
import type { RetryOptions } from '../platform/retry.ts';
import { openNote, storedNote } from './stored-note.ts';

/**
 * A store that writes the notes of an object at the same time. One for the digest belongs to its object: only both count
 * as stored, and what is delivered again gets its note then. One of an intent is on the wire beside it, and nobody waits
 * for it before the revocation: it matters only when no outcome follows, so the put of the outcome waits for it.
 */
export function notingStore(store: AuditStore): AuditStore {
  let onTheWire: Promise<void>[] = [];

  return {
    get: store.get,
    async put(path, record, retry, onSent) {
      const before = onTheWire;
      // First, since it takes the connection that is open.
      const put = store.put(path, record, retry, onSent);
      const [open, stored] = [openNote(path, Date.now()), storedNote(path, Date.now())];
      onTheWire = open === undefined ? [] : [...before, index(open, retry)];
      const noted = stored === undefined ? undefined : store.put(stored, {}, retry);
      const [own, other] = await Promise.all([put, noted]);
      if (open === undefined) await Promise.all(before);
      return other?.result === 'failed' ? other : own;
    },
  };

  async function index(note: string, retry: RetryOptions): Promise<void> {
    const { result } = await store.put(note, {}, retry);
    if (result === 'failed') log('error', 'an intent is not in the index', { note });
  }
}
