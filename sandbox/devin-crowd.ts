import { problem } from './devin-operations.ts';
import { type SandboxAnswer, type SandboxRequest, startServer } from './http-server.ts';

const DAY = 86_400;

export type CrowdOptions = {
  users: number;
  /** of each service user */
  keys: number;
  /** one of so many service users has an expired key */
  expiredEvery: number;
  /** one of so many service users has a key that expires in five days */
  expiringEvery: number;
  /** all other keys never expire */
  neverExpires?: boolean;
  latencyMs?: number;
};

/**
 * The listings of a very large enterprise, made up as they are asked for. While the list is read, one service user in a
 * hundred is deleted and as many are created. It counts the key listings that were requested.
 */
export async function startCrowd(options: CrowdOptions) {
  const now = Math.floor(Date.now() / 1_000);
  const room = Math.ceil(options.users * 1.1);
  const asked = new Uint8Array(room);
  const gone = new Uint8Array(room);
  let count = options.users;
  // A page that is read a second time changes nothing more.
  let grownAt = -1;
  let answered = 0;

  const nameOf = (index: number) => `service-user-${String(index).padStart(8, '0')}`;

  function listUsers(request: SandboxRequest): SandboxAnswer {
    const from = Number(request.query.get('after') ?? 0);
    const end = Math.min(from + Number(request.query.get('first') ?? 100), count);
    const items = [];
    for (let index = from; index < end; index++) {
      items.push({
        service_user_id: nameOf(index),
        name: `robot ${index}`,
        expires_at: null,
        role_assignments: [],
      });
    }
    // As many are created at the end as are deleted on the following pages.
    if (end < count && count + 2 < room && from % 1_000 === 0 && from > grownAt) {
      grownAt = from;
      count += 2;
      gone[Math.min(end + 50, count - 1)] = 1;
    }
    return {
      status: 200,
      body: { items, end_cursor: String(end), has_next_page: end < count, total: count },
    };
  }

  function listKeys(path: string): SandboxAnswer {
    const index = Number(/service-user-(\d+)/.exec(path)?.[1]);
    if (!(index >= 0 && index < count)) return problem(404, path);
    asked[index] = (asked[index] ?? 0) + 1;
    if (gone[index] === 1) return problem(404, path, 'Service user not found');
    const items = Array.from({ length: options.keys }, (_, at) => keyOf(index, at));
    return { status: 200, body: { items, end_cursor: null, has_next_page: false, total: items.length } };
  }

  function keyOf(index: number, at: number) {
    const isFirst = at === 0;
    const isExpired = isFirst && index % options.expiredEvery === 0;
    const isExpiring = !options.neverExpires && isFirst && index % options.expiringEvery === 1;
    return {
      api_key_id: `key-${index}-${at}`,
      api_key_name: 'production',
      created_at: now - 30 * DAY,
      expires_at: expiryOf({ isExpired, isExpiring }),
      revoked_at: null,
      last_used_at: now - DAY,
      is_active: !isExpired,
    };
  }

  function expiryOf({ isExpired, isExpiring }: { isExpired: boolean; isExpiring: boolean }): number | null {
    if (isExpired) return now - DAY;
    if (isExpiring) return now + 5 * DAY;
    return options.neverExpires ? null : now + 200 * DAY;
  }

  const server = await startServer({
    knobs: { latencyMs: options.latencyMs ?? 0 },
    handle: (request) => {
      answered += 1;
      // The log of the server would grow with every request.
      server.requests.length = 0;
      const dated = (answer: SandboxAnswer) => ({
        ...answer,
        headers: { ...answer.headers, date: new Date().toUTCString() },
      });
      if (request.path === '/v3/self') {
        return dated({
          status: 200,
          body: { principal_type: 'service_user', service_user_id: 'service-user-own' },
        });
      }
      return dated(request.path.endsWith('/api-keys') ? listKeys(request.path) : listUsers(request));
    },
  });

  return {
    url: server.url,
    stop: server.stop,
    answered: () => answered,
    /** how many service users there are in the end, and how many of them had their keys listed so many times */
    listed() {
      const times = asked.subarray(0, count);
      const never = times.reduce((sum, one) => sum + (one === 0 ? 1 : 0), 0);
      const twice = times.reduce((sum, one) => sum + (one > 1 ? 1 : 0), 0);
      return { users: count, never, twice };
    },
  };
}
