import type { FirstName } from '../../lib/aws/list-objects.ts';
import type { AuditStore } from '../../lib/aws/write-once-bucket.ts';

type Fails = (name: 'put' | 'get' | 'list') => boolean;

interface Access {
  readonly store: AuditStore;
  readonly firstName: FirstName;
}

export interface MemoryBucket extends Access {
  /** The same bucket, with faults of its own. */
  failing(fails: Fails): Access;
}

/** A bucket that never overwrites. */
export function memoryBucket(fails: Fails = () => false): MemoryBucket {
  const objects = new Map<string, string>();
  return { ...access(objects, fails), failing: (other) => access(objects, other) };
}

function access(objects: Map<string, string>, fails: Fails): Access {
  const down = { ok: false, reason: 'HTTP 503' } as const;
  return {
    store: {
      async put(path, record) {
        if (fails('put')) return { result: 'failed', reason: 'HTTP 503' };
        if (objects.has(path)) return { result: 'exists' };
        objects.set(path, typeof record === 'string' ? record : JSON.stringify(record));
        return { result: 'stored' };
      },
      get: async (path) => (fails('get') ? down : { ok: true, text: objects.get(path) }),
    },
    firstName: async ({ prefix, startAfter = '' }) => {
      if (fails('list')) return down;
      const names = [...objects.keys()].filter((name) => name.startsWith(prefix) && name > startAfter);
      return { ok: true, name: names.sort()[0] };
    },
  };
}
