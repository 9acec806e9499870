import type { ReplaceableObjects } from '../../lib/aws/replaceable-objects.ts';

/** Objects that are replaced by conditional puts, with a count of the requests. */
export function memoryObjects(fails: (name: 'put' | 'get') => boolean = () => false) {
  const objects = new Map<string, { text: string; etag: string }>();
  const requests: string[] = [];
  let puts = 0;
  const store: ReplaceableObjects = {
    async get(path) {
      requests.push(`get ${path}`);
      return fails('get') ? { ok: false, reason: 'HTTP 503' } : { ok: true, found: objects.get(path) };
    },
    async put(path, value, etag) {
      requests.push(`put ${path}`);
      if (fails('put')) return { result: 'failed', reason: 'HTTP 503' };
      if (objects.get(path)?.etag !== etag) return { result: 'conflict' };
      puts += 1;
      objects.set(path, { text: JSON.stringify(value), etag: `"${puts}"` });
      return { result: 'stored', etag: `"${puts}"` };
    },
  };
  return { store, objects, requests };
}
