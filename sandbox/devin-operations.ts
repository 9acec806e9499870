import { STATUS_CODES } from 'node:http';
import type { DevinState, Principal, StoredKey, StoredUser } from './devin-state.ts';
import type { SandboxAnswer, SandboxRequest } from './http-server.ts';

export type Call = {
  state: DevinState;
  request: SandboxRequest;
  pageSize: number;
  user: string;
  key: string;
};

export function self(caller: Principal): object {
  if (caller.type === 'pat_user') {
    const { type: principal_type, ...who } = caller;
    return { principal_type, ...who, org_id: null };
  }
  if (caller.type !== 'service_user') return { principal_type: caller.type };
  const { service_user_id, name, org_id } = caller.user;
  return { principal_type: 'service_user', service_user_id, service_user_name: name, org_id };
}

export function revokeKey({ state, request, user, key }: Call): SandboxAnswer {
  if (!user.startsWith('service-user-')) {
    return invalid(['path', 'service_user_id'], "String should match pattern '^service-user-'");
  }
  const found = findKey(state, user, key);
  if (found === undefined) return problem(404, request.path, 'API key not found');
  if (found.revoked_at !== null) return problem(409, request.path, 'API key is already revoked');
  state.revoke(key);
  return { status: 200, body: state.view(found) };
}

export function listKeys({ state, request, pageSize, user }: Call): SandboxAnswer {
  if (findUser(state, user) === undefined) return problem(404, request.path, 'Service user not found');
  const status = request.query.get('status') ?? 'all';
  if (!['active', 'revoked', 'expired', 'all'].includes(status)) {
    return invalid(['query', 'status'], "Input should be 'active', 'revoked', 'expired' or 'all'");
  }
  const keys = [...state.keys.values()].filter((key) => {
    if (key.service_user_id !== user) return false;
    if (status === 'active') return state.isActive(key);
    if (status === 'revoked') return key.revoked_at !== null;
    if (status === 'expired') return key.revoked_at === null && state.isOver(key.expires_at);
    return true;
  });
  return page(keys, request, pageSize, state.view);
}

export function createKey({ state, request, user }: Call): SandboxAnswer {
  if (findUser(state, user) === undefined) return problem(404, request.path, 'Service user not found');
  const body = json(request);
  const name = body?.name;
  if (typeof name !== 'string' || name.length < 1 || name.length > 256) {
    return invalid(['body', 'name'], 'String should have 1 to 256 characters');
  }
  const expires = expiry(body?.expires_at, state);
  if (expires === undefined) return invalid(['body', 'expires_at'], 'Input should be in the future');
  const { api_key_id, token } = state.createKey(user, { name, expires_at: expires });
  return { status: 200, body: { api_key_id, api_key_name: name, token } };
}

export function rotateKey({ state, request, user, key }: Call): SandboxAnswer {
  const old = findKey(state, user, key);
  if (old === undefined) return problem(404, request.path, 'API key not found');
  if (!state.isActive(old)) return problem(400, request.path, 'API key is not active');
  const body = json(request);
  const expires = expiry(body?.new_key_expires_at, state);
  if (expires === undefined) return invalid(['body', 'new_key_expires_at'], 'Input should be in the future');
  const { api_key_id, token } = state.createKey(user, { name: old.name, expires_at: expires });
  if (body?.revoke_current !== false) state.revoke(key);
  return { status: 200, body: { api_key_id, api_key_name: old.name, token } };
}

export function listServiceUsers({ state, request, pageSize }: Call): SandboxAnswer {
  const first = Number(request.query.get('first') ?? 100);
  if (!Number.isInteger(first) || first < 1 || first > 200) {
    return invalid(['query', 'first'], 'Input should be between 1 and 200');
  }
  const all = request.query.get('include_inactive') === 'true';
  const users = [...state.users.values()].filter(
    (user) => all || !(user.removed || state.isOver(user.expires_at)),
  );
  return page(users, request, Math.min(first, pageSize), describeUser);
}

const describeUser = (user: StoredUser) => ({
  service_user_id: user.service_user_id,
  name: user.name,
  expires_at: user.expires_at,
  role_assignments: [
    {
      org_id: user.org_id,
      role: user.canManage
        ? { role_id: 'role-manager', role_name: 'Service user manager', role_type: 'enterprise' }
        : { role_id: 'role-member', role_name: 'Member', role_type: user.org_id ? 'org' : 'enterprise' },
    },
  ],
});

/** The cursor is a place in the order of creation, so changes between two pages hide nothing. */
export function page<T extends { sequence: number }>(
  items: T[],
  request: SandboxRequest,
  size: number,
  view: (item: T) => object,
): SandboxAnswer {
  const cursor = request.query.get('after');
  const after = cursor ? Number(Buffer.from(cursor, 'base64url').toString()) : Number.NEGATIVE_INFINITY;
  if (cursor && !Number.isInteger(after)) return invalid(['query', 'after'], 'Invalid cursor');
  const rest = items.filter(({ sequence }) => sequence > after).sort((a, b) => a.sequence - b.sequence);
  const shown = rest.slice(0, size);
  const last = shown.at(-1);
  const body = {
    items: shown.map(view),
    end_cursor: last ? Buffer.from(String(last.sequence)).toString('base64url') : null,
    has_next_page: rest.length > shown.length,
    total: items.length,
  };
  return { status: 200, body };
}

function findUser(state: DevinState, id: string): StoredUser | undefined {
  const user = state.users.get(id);
  return user?.removed ? undefined : user;
}

function findKey(state: DevinState, user: string, id: string): StoredKey | undefined {
  const key = findUser(state, user) && state.keys.get(id);
  return key?.service_user_id === user ? key : undefined;
}

/** undefined when it is not a time in the future */
function expiry(value: unknown, state: DevinState): number | null | undefined {
  if (value === undefined || value === null) return null;
  return typeof value === 'number' && Number.isInteger(value) && value > state.seconds() ? value : undefined;
}

function json(request: SandboxRequest): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(request.body.toString() || '{}');
    return typeof value === 'object' && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

/** RFC 9457 */
export function problem(status: number, instance: string, detail: string | null = null): SandboxAnswer {
  const title = STATUS_CODES[status] ?? 'Error';
  const body = JSON.stringify({ type: 'about:blank', title, status, detail, instance });
  return { status, headers: { 'content-type': 'application/problem+json' }, body };
}

export function invalid(loc: string[], msg: string): SandboxAnswer {
  return { status: 422, body: { detail: [{ loc, msg, type: 'value_error' }] } };
}
