import type { AuditStore, Stored } from '../aws/write-once-bucket.ts';
import { notesOf } from './stored-note.ts';

/**
 * A store that writes the notes of an object beside it, at the same time. Only both together count as stored: what is
 * delivered again, since it was not, gets its notes then.
 */
export function notingStore(store: AuditStore): AuditStore {
  return {
    get: store.get,
    async put(path, record, retry) {
      const notes = notesOf(path, Date.now());
      const [stored, ...noted] = await Promise.all([
        store.put(path, record, retry),
        ...notes.map((note) => store.put(note, {}, retry)),
      ]);
      return noted.find(isFailed) ?? stored;
    },
  };
}

function isFailed({ result }: Stored): boolean {
  return result === 'failed';
}
