import { randomUUID } from 'node:crypto';
import { createApp, makeInstallationToken, makePersonalToken } from './github-app.ts';
import { type Delivery, type DeliveryAnswer, send, signedDelivery } from './github-delivery.ts';
import { listAlerts, type PatchRules, patchAlert, refuse } from './github-operations.ts';
import { createOrgSettings } from './github-org-settings.ts';
import { type AlertPayload, alertPayload, location, restAlert, type StoredAlert } from './github-shapes.ts';
import { type SandboxAnswer, type SandboxRequest, type ServerKnobs, startServer } from './http-server.ts';

export { signedDelivery } from './github-delivery.ts';

export type AlertName = { owner: string; repo: string; number: number };

export type NewAlert = { secret: string | undefined } & Partial<
  Pick<
    StoredAlert,
    | 'owner'
    | 'repo'
    | 'secret_type'
    | 'is_base64_encoded'
    | 'validity'
    | 'created_at'
    | 'updated_at'
    | 'publicly_leaked'
    | 'state'
    | 'resolution'
  >
>;

export type DeliverOptions = {
  /** default `created` */
  action?: string;
  event?: string;
  deliveryId?: string;
  /** changes the payload in place, or returns what is sent instead of it (bytes are sent as they are) */
  mutate?: (payload: AlertPayload) => unknown;
};

export type GitHub = Awaited<ReturnType<typeof startGitHub>>;

/** A stand-in for GitHub secret scanning: alerts, their REST API, a GitHub App, signed deliveries. */
export async function startGitHub(options: { latencyMs?: number } = {}) {
  const knobs: ServerKnobs & PatchRules & { suspendedAt: string | null } = {
    latencyMs: options.latencyMs ?? 0,
    onRequest: undefined,
    delegatedDismissal: false,
    refuseValidity: false,
    // of the App's installation
    suspendedAt: null,
  };
  const alerts: StoredAlert[] = [];
  const deliveries = new Map<string, Delivery>();
  /** `owner/repo`, lower case: exists, but the token cannot see it */
  const inaccessible = new Set<string>();
  const orgs = new Set(['acme']);
  const app = createApp();
  const token = makeInstallationToken();
  /** of an owner of the organisations, with all scopes */
  const ownerToken = makePersonalToken();
  const tokens = new Set([token, ownerToken]);
  const settings = createOrgSettings();
  /** of the App's installation, as its owner granted them */
  const permissions: Record<string, string> = { metadata: 'read', secret_scanning_alerts: 'write' };

  /** ids of repositories by `owner/repo`, lower case, former names included */
  const repositories = new Map<string, number>();
  const repositoryId = (owner: string, repo: string): number => {
    const name = `${owner}/${repo}`.toLowerCase();
    const id = repositories.get(name) ?? 1_000 + repositories.size;
    repositories.set(name, id);
    return id;
  };

  const find = (owner: string, repo: string, number: number) =>
    alerts.find((alert) => same(alert, owner, repo) && alert.number === number);
  const findById = (id: number, number: number) =>
    alerts.find((alert) => repositoryId(alert.owner, alert.repo) === id && alert.number === number);

  function mint(request: SandboxRequest, installation: string): SandboxAnswer {
    const refusal = app.refusal(bearer(request));
    if (refusal !== undefined) return refuse(401, refusal);
    if (Number(installation) !== app.installation_id) return refuse(404, 'Not Found');
    const minted = makeInstallationToken();
    tokens.add(minted);
    const body = {
      token: minted,
      expires_at: seconds(Date.now() + 3_600_000),
      permissions,
      repository_selection: 'all',
    };
    return { status: 201, body };
  }

  /** "Get an installation for the authenticated app"; the fields that are not read are left out */
  function installation(request: SandboxRequest, id: string): SandboxAnswer {
    const refusal = app.refusal(bearer(request));
    if (refusal !== undefined) return refuse(401, refusal);
    if (Number(id) !== app.installation_id) return refuse(404, 'Not Found');
    const account = { login: 'acme', type: 'Organization' };
    const times = { created_at: '2026-11-01T08:00:00Z', suspended_at: knobs.suspendedAt };
    return {
      status: 200,
      body: { id: app.installation_id, app_id: app.app_id, account, permissions, ...times },
    };
  }

  function answer(request: SandboxRequest): SandboxAnswer {
    if (!request.headers['user-agent']) {
      return {
        status: 403,
        body: 'Request forbidden by administrative rules. Please make sure your request has a User-Agent header',
      };
    }
    const { operation, groups } = route(request);
    if (operation === 'createInstallationToken') return mint(request, groups.id ?? '');
    if (operation === 'getInstallation') return installation(request, groups.id ?? '');
    const given = bearer(request);
    if (given === undefined) return refuse(401, 'Requires authentication');
    if (!tokens.has(given)) return refuse(401, 'Bad credentials');
    const org = (groups.org ?? '').toLowerCase();
    if (operation === 'organizationSettings') {
      if (given !== ownerToken) return refuse(403, 'Resource not accessible by integration');
      if (!orgs.has(org)) return refuse(404, 'Not Found');
      return settings.answer(request, org) ?? refuse(404, 'Not Found');
    }
    if (operation === 'listOrganizationAlerts') {
      if (!orgs.has(org)) return refuse(404, 'Not Found');
      const visible = alerts.filter(
        (alert) => alert.owner.toLowerCase() === org && !inaccessible.has(slug(alert)),
      );
      return listAlerts(visible, request, server.url);
    }
    const { id, owner = '', repo = '' } = groups;
    const number = Number(groups.number);
    const alert = id === undefined ? find(owner, repo, number) : findById(Number(id), number);
    const movedId = repositories.get(`${owner}/${repo}`.toLowerCase());
    const moved = movedId !== undefined && alert === undefined ? findById(movedId, number) : undefined;
    if (moved !== undefined) {
      const location = `${server.url}/repositories/${movedId}/secret-scanning/alerts/${number}`;
      return { status: 301, headers: { location }, body: { message: 'Moved Permanently', url: location } };
    }
    if (alert === undefined || inaccessible.has(slug(alert))) return refuse(404, 'Not Found');
    if (operation === 'updateAlert') return patchAlert(alert, request, knobs);
    if (operation === 'listLocations') return { status: 200, body: [location(alert)] };
    return { status: 200, body: restAlert(alert, request.query.get('hide_secret') === 'true') };
  }

  let remaining = 15_000;
  const limited = (reply: SandboxAnswer): SandboxAnswer => {
    remaining -= 1;
    const headers = {
      'content-type': 'application/json; charset=utf-8',
      'x-github-media-type': 'github.v3; format=json',
      'x-github-request-id': randomUUID().toUpperCase(),
      'x-ratelimit-limit': '15000',
      'x-ratelimit-remaining': String(remaining),
      'x-ratelimit-used': String(15_000 - remaining),
      'x-ratelimit-reset': String(Math.floor(Date.now() / 1000) + 3600),
      'x-ratelimit-resource': 'core',
    };
    return { ...reply, headers: { ...headers, ...reply.headers } };
  };

  const server = await startServer({
    knobs,
    describe: (request) => ({ operation: route(request).operation }),
    refuse: (status) => limited(refuse(status, 'Refused by the sandbox')),
    handle: (request) => limited(answer(request)),
  });

  const stored = ({ owner, repo, number }: AlertName): StoredAlert => {
    const alert = find(owner, repo, number);
    if (alert === undefined) throw new Error(`there is no alert ${owner}/${repo}#${number}`);
    return alert;
  };
  const payload = (alert: AlertName, action = 'created') => {
    const made = alertPayload(stored(alert), action, app.installation_id);
    made.repository.id = repositoryId(alert.owner, alert.repo);
    return made;
  };

  return Object.assign(knobs, server, {
    app,
    token,
    ownerToken,
    permissions,
    settings,
    inaccessible,
    /** organisations that are known although they have no alert yet */
    orgs,
    createAlert: (given: NewAlert): AlertName => {
      const { owner = 'acme', repo = 'webshop', created_at = seconds(Date.now()) } = given;
      orgs.add(owner.toLowerCase());
      const alert: StoredAlert = {
        secret_type: 'devin_api_key',
        is_base64_encoded: false,
        validity: 'unknown',
        publicly_leaked: false,
        state: 'open',
        resolution: null,
        resolution_comment: null,
        resolved_at: given.state === 'resolved' ? created_at : null,
        updated_at: created_at,
        ...given,
        created_at,
        owner,
        repo,
        number: alerts.filter((other) => same(other, owner, repo)).length + 1,
        sequence: alerts.length + 1,
      };
      alerts.push(alert);
      repositoryId(owner, repo);
      return { owner, repo, number: alert.number };
    },
    repositoryId,
    /** the old name answers with a redirect from then on */
    rename: (owner: string, repo: string, to: string): void => {
      repositories.set(`${owner}/${to}`.toLowerCase(), repositoryId(owner, repo));
      for (const alert of alerts) if (same(alert, owner, repo)) alert.repo = to;
    },
    /** the REST shape, with the secret */
    alert: (owner: string, repo: string, number: number) => {
      const alert = find(owner, repo, number);
      return alert && restAlert(alert);
    },
    payload,
    /** something else than the secret changes at the alert */
    touch: (alert: AlertName): void => {
      stored(alert).updated_at = seconds(Date.now());
    },
    /** a person closes the alert */
    resolve: (alert: AlertName): void => {
      const now = seconds(Date.now());
      Object.assign(stored(alert), {
        state: 'resolved',
        resolution: 'wont_fix',
        resolved_at: now,
        updated_at: now,
      });
    },
    /** a person opens the alert again */
    reopen: (alert: AlertName): void => {
      const open = { state: 'open', resolution: null, resolution_comment: null, resolved_at: null };
      Object.assign(stored(alert), { ...open, updated_at: seconds(Date.now()) });
    },
    /** the delivery of the alert, for a caller that sends it by itself */
    signed: (alert: AlertName, secret: string, action = 'created') =>
      signedDelivery(JSON.stringify(payload(alert, action)), secret),
    /** Sends the signed webhook; the answer is what GitHub would show beside the delivery. */
    deliver: (
      url: string,
      secret: string,
      alert: AlertName,
      how: DeliverOptions = {},
    ): Promise<DeliveryAnswer> => {
      const original = payload(alert, how.action);
      const changed = how.mutate?.(original) ?? original;
      const bytes =
        typeof changed === 'string' || Buffer.isBuffer(changed) ? changed : JSON.stringify(changed);
      const deliveryId = how.deliveryId ?? randomUUID();
      const delivery = signedDelivery(bytes, secret, {
        'x-github-delivery': deliveryId,
        'x-github-event': how.event ?? 'secret_scanning_alert',
      });
      deliveries.set(deliveryId, delivery);
      return send(url, delivery);
    },
    /** The same bytes and the same id again, as with the button on GitHub's page. */
    redeliver: (url: string, deliveryId: string): Promise<DeliveryAnswer> => {
      const delivery = deliveries.get(deliveryId);
      if (delivery === undefined) throw new Error(`there was no delivery ${deliveryId}`);
      return send(url, delivery);
    },
  });
}

const ALERT = '^/repos/(?<owner>[^/]+)/(?<repo>[^/]+)/secret-scanning/alerts/(?<number>\\d+)';
const ALERT_BY_ID = '^/repositories/(?<id>\\d+)/secret-scanning/alerts/(?<number>\\d+)';
const ROUTES = [
  { operation: 'getAlert', method: 'GET', path: new RegExp(`${ALERT}$`) },
  { operation: 'getAlert', method: 'GET', path: new RegExp(`${ALERT_BY_ID}$`) },
  { operation: 'updateAlert', method: 'PATCH', path: new RegExp(`${ALERT}$`) },
  { operation: 'updateAlert', method: 'PATCH', path: new RegExp(`${ALERT_BY_ID}$`) },
  { operation: 'listLocations', method: 'GET', path: new RegExp(`${ALERT}/locations$`) },
  {
    operation: 'listOrganizationAlerts',
    method: 'GET',
    path: /^\/orgs\/(?<org>[^/]+)\/secret-scanning\/alerts$/,
  },
  {
    operation: 'organizationSettings',
    path: /^\/orgs\/(?<org>[^/]+)\/(?:hooks|secret-scanning\/custom-patterns)(?:\/|$)/,
  },
  { operation: 'getInstallation', method: 'GET', path: /^\/app\/installations\/(?<id>\d+)$/ },
  {
    operation: 'createInstallationToken',
    method: 'POST',
    path: /^\/app\/installations\/(?<id>\d+)\/access_tokens$/,
  },
];

function route(request: SandboxRequest): { operation: string; groups: Record<string, string> } {
  for (const { operation, method, path } of ROUTES) {
    const match = method === undefined || method === request.method ? path.exec(request.path) : null;
    if (match) return { operation, groups: { ...match.groups } };
  }
  return { operation: 'unknown', groups: {} };
}

const bearer = (request: SandboxRequest) =>
  /^(?:bearer|token) (\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
const slug = ({ owner, repo }: StoredAlert) => `${owner}/${repo}`.toLowerCase();
const same = (alert: StoredAlert, owner: string, repo: string) =>
  slug(alert) === `${owner}/${repo}`.toLowerCase();
const seconds = (ms: number) => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
