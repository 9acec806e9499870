import {
  type ActivityState,
  createActivityState,
  listAuditLogs,
  listSchedules,
  listSessions,
  type NewSession,
  terminateSession,
} from './devin-activity.ts';
import { createNodes, type NodeKnobs } from './devin-nodes.ts';
import {
  type Call,
  createKey,
  listKeys,
  listServiceUsers,
  problem,
  revokeKey,
  rotateKey,
  self,
} from './devin-operations.ts';
import {
  type ApiKey,
  createDevinState,
  type DevinKnobs,
  type DevinState,
  type StoredKey,
} from './devin-state.ts';
import { type SandboxAnswer, type SandboxRequest, type ServerKnobs, startServer } from './http-server.ts';

export type { ApiKey, CreatedKey, DevinKnobs, NewKey, NewServiceUser } from './devin-state.ts';

export type DevinOptions = {
  latencyMs?: number;
  pageSize?: number;
  /** epoch milliseconds */
  now?: () => number;
};

export type Devin = Awaited<ReturnType<typeof startDevin>>;

/** A stand-in for the Devin API that keeps to test/contract/devin-api.openapi.yaml. */
export async function startDevin(options: DevinOptions = {}) {
  const now = options.now ?? Date.now;
  const knobs: DevinKnobs & NodeKnobs & ServerKnobs = {
    nodes: 1,
    nodeCacheMs: 0,
    lastUsedLagMs: 0,
    useLagMs: undefined,
    revocationLagMs: 0,
    clockSkewSeconds: 0,
    pageSize: options.pageSize ?? 100,
    authenticateNobody: false,
    latencyMs: options.latencyMs ?? 0,
    onRequest: undefined,
  };
  const state = createDevinState(knobs, now);
  const activity = createActivityState(state.seconds);
  const nodes = createNodes(knobs, state, now);
  /** tokens that are answered 401 from our address, as by the IP access list of another enterprise */
  const rejected = new Set<string>();
  const date = () => new Date(now() + knobs.clockSkewSeconds * 1000).toUTCString();
  const dated = (answer: SandboxAnswer) => ({ ...answer, headers: { ...answer.headers, date: date() } });

  const server = await startServer({
    knobs,
    describe: (request) => ({ operation: route(request)?.operation ?? 'unknown' }),
    refuse: (status, request) => dated(problem(status, request.path)),
    handle: (request) => dated(answer({ state, activity, nodes, rejected, knobs }, request)),
  });

  const withOwner = (key: StoredKey): ApiKey & { service_user_id: string } => ({
    service_user_id: key.service_user_id,
    ...state.view(key),
  });
  return Object.assign(knobs, server, {
    /** as it is listed, and changes later */
    startSession: (given: NewSession) => activity.startSession(given).view,
    endSession: activity.endSession,
    session: (id: string) => activity.sessions.get(id)?.view,
    createSchedule: activity.createSchedule,
    act: activity.act,
    createServiceUser: state.createServiceUser,
    createKey: state.createKey,
    createPersonalToken: state.createPersonalToken,
    personalToken: state.personalToken,
    /** by somebody else */
    revoke: state.revoke,
    renewServiceUser: (serviceUserId: string): void => {
      const user = state.users.get(serviceUserId);
      if (user) user.expires_at = null;
    },
    removeServiceUser: (serviceUserId: string): void => {
      const user = state.users.get(serviceUserId);
      if (user) user.removed = true;
    },
    key: (apiKeyId: string) => {
      const key = state.keys.get(apiKeyId);
      return key && withOwner(key);
    },
    keys: () => [...state.keys.values()].map(withOwner),
    isLive: state.isLive,
    rejected,
    useEverywhere: nodes.useEverywhere,
    acceptedBy: nodes.acceptedBy,
    /** background traffic with this token; false when it was refused */
    use: (token: string): boolean => state.use(token) !== undefined,
  });
}

const KEYS = '^/v3beta1/enterprise/service-users/(?<user>[^/]+)/api-keys';
const ROUTES = [
  { operation: 'revokeServiceUserApiKey', method: 'DELETE', path: new RegExp(`${KEYS}/(?<key>[^/]+)$`) },
  { operation: 'listServiceUserApiKeys', method: 'GET', path: new RegExp(`${KEYS}$`) },
  { operation: 'createServiceUserApiKey', method: 'POST', path: new RegExp(`${KEYS}$`) },
  { operation: 'rotateServiceUserApiKey', method: 'POST', path: new RegExp(`${KEYS}/(?<key>[^/]+)/rotate$`) },
  { operation: 'listServiceUsers', method: 'GET', path: /^\/v3\/enterprise\/members\/service-users$/ },
  { operation: 'listEnterpriseSessions', method: 'GET', path: /^\/v3\/enterprise\/sessions$/ },
  { operation: 'listEnterpriseAuditLogs', method: 'GET', path: /^\/v3\/enterprise\/audit-logs$/ },
  {
    operation: 'terminateSession',
    method: 'DELETE',
    path: /^\/v3\/organizations\/(?<user>[^/]+)\/sessions\/(?<key>[^/]+)$/,
  },
  {
    operation: 'listSchedules',
    method: 'GET',
    path: /^\/v3\/organizations\/(?<user>[^/]+)\/schedules$/,
  },
  { operation: 'getSelf', method: 'GET', path: /^\/v3\/self$/ },
] as const;

function route(request: SandboxRequest) {
  for (const { operation, method, path } of ROUTES) {
    const match = method === request.method ? path.exec(request.path) : null;
    if (match) return { operation, user: match.groups?.user ?? '', key: match.groups?.key ?? '' };
  }
  return undefined;
}

const PERMISSIONS: Readonly<Record<string, string>> = {
  listServiceUsers: 'ViewAccountMembership',
  listEnterpriseSessions: 'ViewAccountSessions',
  listEnterpriseAuditLogs: 'ManageEnterpriseSettings',
  terminateSession: 'ManageOrgSessions',
  listSchedules: 'ManageOrgSchedules',
};

type World = {
  state: DevinState;
  activity: ActivityState;
  nodes: ReturnType<typeof createNodes>;
  rejected: ReadonlySet<string>;
  knobs: DevinKnobs;
};

function answer(world: World, request: SandboxRequest): SandboxAnswer {
  const { activity, knobs, nodes, rejected, state } = world;
  const { connection = 0 } = request;
  const matched = route(request);
  if (matched === undefined) return problem(404, request.path, 'Not Found');
  const token = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1];
  const isKnown = token !== undefined && !rejected.has(token);
  const caller = isKnown ? nodes.authenticate(connection, token) : undefined;
  if (caller === undefined) return problem(401, request.path, 'Invalid or expired credentials');
  if (matched.operation === 'getSelf') return { status: 200, body: self(caller) };

  const permission = PERMISSIONS[matched.operation] ?? 'ManageAccountServiceUsers';
  const isAdmin = permission === 'ManageAccountServiceUsers' || permission === 'ViewAccountMembership';
  const user = caller.type === 'service_user' ? caller.user : undefined;
  if (!(isAdmin ? user?.canManage : user?.canWatch)) {
    return problem(403, request.path, `Missing required permission: ${permission}`);
  }
  const call: Call = {
    state,
    request,
    pageSize: knobs.pageSize,
    user: decode(matched.user),
    key: decode(matched.key),
  };
  switch (matched.operation) {
    case 'revokeServiceUserApiKey':
      nodes.forget(connection);
      return revokeKey(call);
    case 'listServiceUserApiKeys':
      return listKeys(call);
    case 'createServiceUserApiKey':
      return createKey(call);
    case 'rotateServiceUserApiKey':
      return rotateKey(call);
    case 'listServiceUsers':
      return listServiceUsers(call);
    case 'listEnterpriseSessions':
      return listSessions({ ...call, activity });
    case 'listEnterpriseAuditLogs':
      return listAuditLogs({ ...call, activity });
    case 'terminateSession':
      return terminateSession({ ...call, activity }, call.user, call.key);
    case 'listSchedules':
      return listSchedules({ ...call, activity }, call.user);
    default:
      return matched.operation satisfies never;
  }
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
