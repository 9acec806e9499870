import { randomBytes, randomInt } from 'node:crypto';

/** As `ApiKeyResponse` of the OpenAPI document; times are UNIX seconds. */
export type ApiKey = {
  api_key_id: string;
  api_key_name: string;
  created_at: number;
  expires_at: number | null;
  revoked_at: number | null;
  last_used_at: number | null;
  is_active: boolean;
};

export type NewServiceUser = {
  name?: string;
  service_user_id?: string;
  expires_at?: number | null;
  org_id?: string;
  /** grants ManageAccountServiceUsers and ViewAccountMembership, and what `canWatch` grants */
  canManage?: boolean;
  /** grants ViewAccountSessions, ManageOrgSessions, ManageEnterpriseSettings and ManageOrgSchedules */
  canWatch?: boolean;
};

export type NewKey = {
  name?: string;
  api_key_id?: string;
  created_at?: number;
  expires_at?: number | null;
  last_used_at?: number | null;
  revoked_at?: number | null;
};

export type CreatedKey = { service_user_id: string; api_key_id: string; token: string };

export type StoredUser = {
  sequence: number;
  service_user_id: string;
  name: string;
  expires_at: number | null;
  org_id: string | null;
  canManage: boolean;
  canWatch: boolean;
  removed: boolean;
};

export type StoredKey = {
  sequence: number;
  service_user_id: string;
  api_key_id: string;
  name: string;
  token: string;
  created_at: number;
  expires_at: number | null;
  revoked_at: number | null;
  /** the moment of the revocation in real epoch milliseconds, for the lag */
  revokedAtMs: number;
  /** visible from the start */
  last_used_at: number | null;
  /** `at` in real epoch milliseconds, `seconds` by the stand-in's clock */
  uses: { at: number; seconds: number }[];
};

/** What a test can change while the stand-in runs. */
export type DevinKnobs = {
  /** how long until a use shows in `last_used_at`; Infinity = never */
  lastUsedLagMs: number;
  /** how much longer one use of a key takes to show; Infinity = it is not stored */
  useLagMs: ((apiKeyId: string) => number) | undefined;
  /** how long a revoked token still authenticates, while the list shows it revoked; Infinity = forever */
  revocationLagMs: number;
  /** its clock against the real one: the times it makes, and the Date header */
  clockSkewSeconds: number;
  pageSize: number;
  /** every call is answered 401 */
  authenticateNobody: boolean;
};

/** A token of somebody who is not a service user; what else it says is that of a personal access token. */
export type PersonalToken = {
  type: 'pat_user' | 'devin_brain' | 'windsurf_session';
  api_key_id: string;
  api_key_name: string;
  user_id: string;
  user_name: string;
};

export type Principal = { type: 'service_user'; user: StoredUser; key: StoredKey } | PersonalToken;

export type DevinState = ReturnType<typeof createDevinState>;

/** The memory of the Devin stand-in: who exists, and what happened to their keys. */
export function createDevinState(knobs: DevinKnobs, now: () => number) {
  const users = new Map<string, StoredUser>();
  const keys = new Map<string, StoredKey>();
  const personal = new Map<string, PersonalToken>();
  let sequence = 0;

  const seconds = () => Math.floor(now() / 1000) + knobs.clockSkewSeconds;
  const isOver = (expiresAt: number | null) => expiresAt !== null && expiresAt <= seconds();

  function lastUsed(key: StoredKey): number | null {
    const seen = key.uses.filter(({ at }) => at + knobs.lastUsedLagMs <= now()).map((use) => use.seconds);
    if (key.last_used_at !== null) seen.push(key.last_used_at);
    return seen.length === 0 ? null : seen.reduce((latest, use) => Math.max(latest, use));
  }

  function isActive(key: StoredKey): boolean {
    const user = users.get(key.service_user_id);
    if (user === undefined || user.removed || isOver(user.expires_at)) return false;
    return key.revoked_at === null && !isOver(key.expires_at);
  }

  function authenticates(key: StoredKey): boolean {
    const lingers = key.revoked_at !== null && now() < key.revokedAtMs + knobs.revocationLagMs;
    return isActive({ ...key, revoked_at: lingers ? null : key.revoked_at });
  }

  const view = (key: StoredKey): ApiKey => ({
    api_key_id: key.api_key_id,
    api_key_name: key.name,
    created_at: key.created_at,
    expires_at: key.expires_at,
    revoked_at: key.revoked_at,
    last_used_at: lastUsed(key),
    is_active: isActive(key),
  });

  function createServiceUser(given: NewServiceUser = {}): { service_user_id: string; name: string } {
    sequence += 1;
    const user: StoredUser = {
      sequence,
      service_user_id: given.service_user_id ?? `service-user-${randomBytes(16).toString('hex')}`,
      name: given.name ?? `robot ${sequence}`,
      expires_at: given.expires_at ?? null,
      org_id: given.org_id ?? null,
      canManage: given.canManage ?? false,
      canWatch: given.canWatch ?? given.canManage ?? false,
      removed: false,
    };
    users.set(user.service_user_id, user);
    return { service_user_id: user.service_user_id, name: user.name };
  }

  function createKey(serviceUserId: string, given: NewKey = {}): CreatedKey {
    if (!users.has(serviceUserId)) throw new Error(`there is no service user ${serviceUserId}`);
    sequence += 1;
    const key: StoredKey = {
      sequence,
      service_user_id: serviceUserId,
      api_key_id: given.api_key_id ?? `key-${randomBytes(12).toString('hex')}`,
      name: given.name ?? `key ${sequence}`,
      token: makeToken(),
      created_at: given.created_at ?? seconds(),
      expires_at: given.expires_at ?? null,
      revoked_at: given.revoked_at ?? null,
      revokedAtMs: given.revoked_at == null ? 0 : given.revoked_at * 1000,
      last_used_at: given.last_used_at ?? null,
      uses: [],
    };
    keys.set(key.api_key_id, key);
    return { service_user_id: serviceUserId, api_key_id: key.api_key_id, token: key.token };
  }

  function revoke(apiKeyId: string): void {
    const key = keys.get(apiKeyId);
    if (key === undefined) throw new Error(`there is no key ${apiKeyId}`);
    if (key.revoked_at !== null) return;
    key.revoked_at = seconds();
    key.revokedAtMs = now();
  }

  /** A use of the token by anybody; undefined when it does not authenticate. */
  function use(token: string): Principal | undefined {
    if (knobs.authenticateNobody) return undefined;
    const owner = personal.get(token);
    if (owner !== undefined) return owner;
    const key = [...keys.values()].find((candidate) => candidate.token === token);
    const user = key && users.get(key.service_user_id);
    if (key === undefined || user === undefined || !authenticates(key)) return undefined;
    key.uses.push({ at: now() + (knobs.useLagMs?.(key.api_key_id) ?? 0), seconds: seconds() });
    return { type: 'service_user', user, key };
  }

  return {
    users,
    keys,
    seconds,
    isOver,
    isActive,
    view,
    createServiceUser,
    createKey,
    revoke,
    use,
    createPersonalToken(type: PersonalToken['type'] = 'pat_user'): string {
      const token = makeToken();
      sequence += 1;
      const api_key_id = `pat-${randomBytes(12).toString('hex')}`;
      const user_id = `user-${randomBytes(12).toString('hex')}`;
      const named = { api_key_name: `laptop ${sequence}`, user_name: `Ada ${sequence}` };
      personal.set(token, { type, api_key_id, user_id, ...named });
      return token;
    },
    /** who a personal token is, as `/v3/self` says */
    personalToken: (token: string) => personal.get(token),
    isLive: (token: string): boolean =>
      personal.has(token) || [...keys.values()].some((key) => key.token === token && authenticates(key)),
  };
}

const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567';

/** The public form, by the rule `devin-service-user-token` of secret scanners. */
function makeToken(): string {
  return `cog_${Array.from({ length: 52 }, () => BASE32[randomInt(32)]).join('')}`;
}
