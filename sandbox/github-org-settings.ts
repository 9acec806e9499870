import { randomInt, randomUUID } from 'node:crypto';
import type { components as Rest } from '@octokit/openapi-types';
import { send, signedDelivery } from './github-delivery.ts';
import { refuse } from './github-operations.ts';
import type { SandboxAnswer, SandboxRequest } from './http-server.ts';

/** Shapes as in @octokit/openapi-types 29; the compiler holds them to it. */
type OrgHook = Rest['schemas']['org-hook'];
type Delivery = Rest['schemas']['hook-delivery-item'];
type Pattern = Rest['schemas']['secret-scanning-custom-pattern'];
type StoredHook = { org: string; view: OrgHook; secret: string | undefined; deliveries: Delivery[] };

export type OrgSettings = ReturnType<typeof createOrgSettings>;

/** What only an owner may see of an organisation: its webhooks, which deliver a ping, and its custom patterns. */
export function createOrgSettings() {
  const hooks: StoredHook[] = [];
  const patterns: { org: string; view: Pattern }[] = [];
  const now = () => new Date().toISOString();

  /** GitHub answers before it delivers. */
  function ping(hook: StoredHook): void {
    const { config, events, id } = hook.view;
    const body = JSON.stringify({ zen: 'Design for failure.', hook_id: id, hook: { events, config } });
    const guid = randomUUID();
    const { headers, body: bytes } = signedDelivery(body, hook.secret ?? '', {
      'x-github-event': 'ping',
      'x-github-delivery': guid,
      'x-github-hook-id': String(id),
    });
    if (hook.secret === undefined) delete headers['x-hub-signature-256'];
    const add = (status_code: number, status: string): void => {
      hook.deliveries.unshift({
        id: randomInt(1, 2 ** 47),
        guid,
        delivered_at: now(),
        redelivery: false,
        duration: 0.2,
        status,
        status_code,
        event: 'ping',
        action: null,
        installation_id: null,
        repository_id: null,
      });
    };
    send(config.url ?? '', { headers, body: bytes }).then(
      ({ status }) => add(status, status < 300 ? 'OK' : 'Invalid HTTP Response'),
      () => add(0, 'failed to connect to host'),
    );
  }

  function setHook(hook: StoredHook, body: Record<string, unknown>): void {
    const { active, config, events } = body;
    if (typeof active === 'boolean') hook.view.active = active;
    if (Array.isArray(events)) hook.view.events = events.map(String);
    if (isObject(config)) {
      // A configuration without a secret removes it.
      hook.secret = typeof config.secret === 'string' ? config.secret : undefined;
      hook.view.config = {
        url: String(config.url),
        content_type: typeof config.content_type === 'string' ? config.content_type : 'form',
        insecure_ssl: config.insecure_ssl === undefined ? '0' : String(config.insecure_ssl),
        ...(hook.secret !== undefined && { secret: '********' }),
      };
    }
    hook.view.updated_at = now();
  }

  function createHook(org: string, body: Record<string, unknown>): SandboxAnswer {
    const { config, name } = body;
    if (name !== 'web' || !isObject(config) || !URL.canParse(String(config.url))) {
      return refuse(422, 'Validation Failed');
    }
    if (hooks.some((hook) => hook.org === org && hook.view.config.url === config.url)) {
      return refuse(422, 'Validation Failed: Hook already exists on this organization');
    }
    const hook = addHook(org, { events: ['push'], active: true, ...body });
    ping(hook);
    return { status: 201, body: hook.view };
  }

  function addHook(org: string, body: Record<string, unknown>): StoredHook {
    const id = randomInt(100_000_000, 999_999_999);
    const url = `https://api.github.com/orgs/${org}/hooks/${id}`;
    const common = { id, url, ping_url: `${url}/pings`, deliveries_url: `${url}/deliveries`, name: 'web' };
    const times = { created_at: now(), updated_at: now() };
    const view = { ...common, ...times, type: 'Organization', active: true, events: [], config: {} };
    const hook: StoredHook = { org, view, secret: undefined, deliveries: [] };
    setHook(hook, body);
    hooks.push(hook);
    return hook;
  }

  function addPattern(org: string, given: Record<string, unknown>): Pattern {
    const name = String(given.name);
    const view: Pattern = {
      id: patterns.length + 1,
      name,
      pattern: String(given.pattern),
      // Derived from the name.
      slug: name
        .toLowerCase()
        .replace(/[^a-z0-9]+/g, '_')
        .replace(/^_|_$/g, ''),
      state: 'unpublished',
      push_protection_enabled: false,
      start_delimiter: String(given.start_delimiter ?? '\\A|[^0-9A-Za-z]'),
      end_delimiter: String(given.end_delimiter ?? '\\z|[^0-9A-Za-z]'),
      must_match: null,
      must_not_match: null,
      custom_pattern_version: randomUUID(),
      created_at: now(),
      updated_at: now(),
    };
    patterns.push({ org, view });
    return view;
  }

  function createPatterns(org: string, body: Record<string, unknown>): SandboxAnswer {
    const given: unknown[] = Array.isArray(body.patterns) ? body.patterns : [];
    const wanted = given.filter(isObject);
    if (wanted.length === 0 || wanted.length !== given.length) return refuse(400, 'Bad Request');
    const taken = wanted.findIndex(({ name }) =>
      patterns.some((pattern) => pattern.org === org && pattern.view.name === name),
    );
    if (taken >= 0) {
      const errors = [{ code: 'name', message: 'Name has already been taken' }];
      return {
        status: 422,
        body: { message: 'Validation failed', validation_errors: { [taken]: { errors } } },
      };
    }
    return { status: 201, body: { created_patterns: wanted.map((one) => addPattern(org, one)) } };
  }

  function onHook(request: SandboxRequest, hook: StoredHook, part: string): SandboxAnswer {
    const { method } = request;
    if (part === '/pings' && method === 'POST') {
      ping(hook);
      return { status: 204 };
    }
    if (part === '/deliveries' && method === 'GET') return { status: 200, body: hook.deliveries };
    if (part !== '' || method !== 'PATCH') return refuse(404, 'Not Found');
    setHook(hook, parse(request.body));
    return { status: 200, body: hook.view };
  }

  return {
    /** as a person does in the browser; `secret` is in the configuration */
    addHook: (org: string, body: Record<string, unknown>): OrgHook => addHook(org.toLowerCase(), body).view,
    hooks: (org: string): OrgHook[] =>
      hooks.filter((hook) => hook.org === org.toLowerCase()).map(({ view }) => view),
    secretOf: (id: number): string | undefined => hooks.find(({ view }) => view.id === id)?.secret,
    addPattern: (org: string, given: Record<string, unknown>): Pattern =>
      addPattern(org.toLowerCase(), given),
    patterns: (org: string): Pattern[] =>
      patterns.filter((pattern) => pattern.org === org.toLowerCase()).map(({ view }) => view),

    /** `undefined` for a path of something else */
    answer(request: SandboxRequest, name: string): SandboxAnswer | undefined {
      const org = name.toLowerCase();
      const path = request.path.replace(/^\/orgs\/[^/]+/, '');
      const hook = /^\/hooks\/(?<id>\d+)(?<part>\/pings|\/deliveries|)$/.exec(path)?.groups;
      if (hook !== undefined) {
        const stored = hooks.find(({ org: of, view }) => of === org && view.id === Number(hook.id));
        return stored === undefined ? refuse(404, 'Not Found') : onHook(request, stored, hook.part ?? '');
      }
      const isPost = request.method === 'POST';
      if (path === '/hooks')
        return isPost ? createHook(org, parse(request.body)) : list(this.hooks(org), request);
      if (path === '/secret-scanning/custom-patterns')
        return isPost ? createPatterns(org, parse(request.body)) : list(this.patterns(org), request);
      return undefined;
    },
  };
}

function list(items: object[], { query }: SandboxRequest): SandboxAnswer {
  const size = Math.min(Number(query.get('per_page') ?? 30), 100);
  const start = (Number(query.get('page') ?? 1) - 1) * size;
  return { status: 200, body: items.slice(start, start + size) };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parse(body: Buffer): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body.toString());
    return isObject(value) ? value : {};
  } catch {
    return {};
  }
}
