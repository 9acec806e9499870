import type { AuditStore, Stored } from '../aws/write-once-bucket.ts';
import { log } from '../platform/log.ts';
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
    async put(path, record, retry) {
      const before = onTheWire;
      const open = openNote(path, Date.now());
      onTheWire = open === undefined ? [] : [...before, note(open)];
      const stored = await both(store.put(path, record, retry), storedNote(path, Date.now()));
      if (open === undefined) await Promise.all(before);
      return stored;

      async function note(name: string): Promise<void> {
        const { result } = await store.put(name, {}, retry);
        if (result === 'failed') log('error', 'an intent is not in the index', { path });
      }
      async function both(put: Promise<Stored>, name: string | undefined): Promise<Stored> {
        if (name === undefined) return put;
        const [own, noted] = await Promise.all([put, store.put(name, {}, retry)]);
        return noted.result === 'failed' ? noted : own;
      }
    },
  };
}
