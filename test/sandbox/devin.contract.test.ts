import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { type Devin, startDevin } from '../../sandbox/devin.ts';

type Schema = { [key: string]: unknown };
type Response = { $ref?: string; content?: Record<string, { schema: Schema }> };
type Operation = { operationId: string; responses: Record<string, Response> };
type Document = {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema>; responses: Record<string, Response> };
};

const document: Document = parse(
  readFileSync(new URL('../contract/devin-api.openapi.yaml', import.meta.url), 'utf8'),
);
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({
    path,
    method: method.toUpperCase(),
    ...operation,
  })),
);
const documented = operations.flatMap(({ operationId, responses }) =>
  Object.keys(responses).map((status) => `${operationId} ${status}`),
);

/** Every object takes only the fields that the document names, so that an invented field is an error. */
function close(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(close);
  if (typeof schema !== 'object' || schema === null) return schema;
  const closed = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, close(value)]));
  return 'properties' in closed && 'type' in closed ? { ...closed, additionalProperties: false } : closed;
}

const ajv = new Ajv2020({ strict: false, allErrors: true });
const components = close(document.components);
const problemSchema = document.components.responses.Problem?.content?.['application/problem+json']?.schema;

function schemaErrors(schema: Schema | undefined, body: unknown): unknown {
  if (schema === undefined) return 'no schema';
  const validate = ajv.compile({ ...(close(schema) as object), components });
  return validate(body) ? undefined : validate.errors;
}

type Call = {
  token?: string;
  user?: string;
  org?: string;
  session?: string;
  key?: string;
  query?: string;
  body?: object;
};
type Scenario = [operation: string, status: number, title: string, arrange: () => Call];

let devin: Devin;
let admin: string;
let member: string;
const exercised = new Set<string>();

beforeAll(async () => {
  devin = await startDevin({ pageSize: 2 });
  const newToken = (canManage: boolean) =>
    devin.createKey(devin.createServiceUser({ canManage }).service_user_id).token;
  admin = newToken(true);
  member = newToken(false);
});

afterAll(() => devin.stop());

async function call(operationId: string, { token, user, key, org, session, query = '', body }: Call) {
  const operation = operations.find((candidate) => candidate.operationId === operationId);
  if (operation === undefined) throw new Error(`the document has no operation ${operationId}`);
  const path = operation.path
    .replace('{service_user_id}', encodeURIComponent(user ?? ''))
    .replace('{api_key_id}', encodeURIComponent(key ?? ''))
    .replace('{org_id}', encodeURIComponent(org ?? ''))
    .replace('{devin_id}', encodeURIComponent(session ?? ''));
  const response = await fetch(`${devin.url}${path}${query}`, {
    method: operation.method,
    headers: { ...(token && { authorization: `Bearer ${token}` }) },
    ...(body && { body: JSON.stringify(body) }),
  });
  const contentType = response.headers.get('content-type') ?? '';
  exercised.add(`${operationId} ${response.status}`);
  return { operation, status: response.status, contentType, body: await response.json() };
}

const newKey = (given = {}) => {
  const { service_user_id, api_key_id } = devin.createKey(devin.createServiceUser().service_user_id, given);
  return { user: service_user_id, key: api_key_id };
};
const faulty = (status: number, operation: string): Call => {
  devin.fault({ operation, status });
  return { token: admin, ...newKey() };
};

const newSession = (): Call => {
  const { org_id, session_id } = devin.startSession({
    ...devin.createServiceUser(),
    title: 'a title',
    as_user: 'user-1',
    pull_requests: ['https://github.com/acme/webshop/pull/1'],
  });
  devin.startSession({ service_user_id: 'service-user-1', parent: session_id });
  return { org: org_id, session: session_id };
};
const newSchedule = (): Call => ({
  org: devin.createSchedule({ created_by: devin.createServiceUser().service_user_id }).org_id,
});
const newAct = (): Call => {
  devin.act({ ...devin.createServiceUser(), action: 'create_secret', data: { secret_id: 'a' } });
  return {};
};

const scenarios: Scenario[] = [
  ['revokeServiceUserApiKey', 200, 'an active key', () => ({ token: admin, ...newKey() })],
  ['revokeServiceUserApiKey', 200, 'an expired key', () => ({ token: admin, ...newKey({ expires_at: 1 }) })],
  ['revokeServiceUserApiKey', 401, 'no token', () => newKey()],
  ['revokeServiceUserApiKey', 403, 'a caller without the permission', () => ({ token: member, ...newKey() })],
  ['revokeServiceUserApiKey', 404, 'an unknown key', () => ({ token: admin, ...newKey(), key: 'key-0' })],
  [
    'revokeServiceUserApiKey',
    404,
    'a key of another service user',
    () => ({ token: admin, user: newKey().user, key: newKey().key }),
  ],
  [
    'revokeServiceUserApiKey',
    409,
    'a revoked key',
    () => ({ token: admin, ...newKey({ revoked_at: 1_700_000_000 }) }),
  ],
  [
    'revokeServiceUserApiKey',
    422,
    'an id of another shape',
    () => ({ token: admin, user: 'user-1', key: 'a' }),
  ],
  ['revokeServiceUserApiKey', 429, 'a rate limit', () => faulty(429, 'revokeServiceUserApiKey')],
  ['listServiceUserApiKeys', 200, 'a service user with keys', () => ({ token: admin, ...newKey() })],
  [
    'listServiceUserApiKeys',
    200,
    'a service user without keys',
    () => ({ token: admin, user: devin.createServiceUser().service_user_id }),
  ],
  ['listServiceUserApiKeys', 401, 'an unknown token', () => ({ token: 'unknown', ...newKey() })],
  ['listServiceUserApiKeys', 403, 'a caller without the permission', () => ({ token: member, ...newKey() })],
  [
    'listServiceUserApiKeys',
    404,
    'an unknown service user',
    () => ({ token: admin, user: 'service-user-unknown' }),
  ],
  ['listServiceUserApiKeys', 429, 'a rate limit', () => faulty(429, 'listServiceUserApiKeys')],
  ['createServiceUserApiKey', 200, 'a name', () => ({ token: admin, ...newKey(), body: { name: 'ci' } })],
  ['rotateServiceUserApiKey', 200, 'an active key', () => ({ token: admin, ...newKey(), body: {} })],
  [
    'rotateServiceUserApiKey',
    400,
    'a key that is over',
    () => ({ token: admin, ...newKey({ expires_at: 1 }) }),
  ],
  ['rotateServiceUserApiKey', 404, 'an unknown key', () => ({ token: admin, ...newKey(), key: 'key-0' })],
  ['listServiceUsers', 200, 'the first page', () => ({ token: admin })],
  [
    'listServiceUsers',
    200,
    'the inactive ones too',
    () => ({ token: admin, query: '?include_inactive=true' }),
  ],
  ['listServiceUsers', 401, 'no token', () => ({})],
  ['listServiceUsers', 403, 'a caller without the permission', () => ({ token: member })],
  ['listServiceUsers', 429, 'a rate limit', () => faulty(429, 'listServiceUsers')],
  ['listEnterpriseSessions', 200, 'those of a service user', () => ({ token: admin, ...newSession() })],
  ['listEnterpriseSessions', 401, 'no token', () => ({})],
  ['listEnterpriseSessions', 403, 'a caller without the permission', () => ({ token: member })],
  ['listEnterpriseSessions', 429, 'a rate limit', () => faulty(429, 'listEnterpriseSessions')],
  ['terminateSession', 200, 'a session that runs', () => ({ token: admin, ...newSession() })],
  ['terminateSession', 401, 'no token', () => newSession()],
  ['terminateSession', 403, 'a caller without the permission', () => ({ token: member, ...newSession() })],
  [
    'terminateSession',
    404,
    'an unknown session',
    () => ({ token: admin, ...newSession(), session: 'devin-0' }),
  ],
  [
    'terminateSession',
    404,
    'a session of another organisation',
    () => ({ token: admin, ...newSession(), org: 'org-other' }),
  ],
  ['terminateSession', 429, 'a rate limit', () => ({ ...faulty(429, 'terminateSession'), ...newSession() })],
  ['listSchedules', 200, 'an organisation', () => ({ token: admin, ...newSchedule() })],
  ['listSchedules', 401, 'no token', () => newSchedule()],
  ['listSchedules', 403, 'a caller without the permission', () => ({ token: member, ...newSchedule() })],
  ['listSchedules', 429, 'a rate limit', () => ({ ...faulty(429, 'listSchedules'), ...newSchedule() })],
  ['listEnterpriseAuditLogs', 200, 'the whole log', () => ({ token: admin, ...newAct() })],
  ['listEnterpriseAuditLogs', 401, 'no token', () => ({})],
  ['listEnterpriseAuditLogs', 403, 'a caller without the permission', () => ({ token: member })],
  ['listEnterpriseAuditLogs', 429, 'a rate limit', () => faulty(429, 'listEnterpriseAuditLogs')],
  ['getSelf', 200, 'a service user', () => ({ token: member })],
  ['getSelf', 200, 'a personal access token', () => ({ token: devin.createPersonalToken() })],
  ['getSelf', 200, 'a session of Devin itself', () => ({ token: devin.createPersonalToken('devin_brain') })],
  ['getSelf', 401, 'no token', () => ({})],
  ['getSelf', 403, 'a refusal', () => faulty(403, 'getSelf')],
  ['getSelf', 429, 'a rate limit', () => faulty(429, 'getSelf')],
];

/** The document leaves these out although any caller can meet them; the stand-in answers a problem, or a 422. */
const beyond: Scenario[] = [
  ['createServiceUserApiKey', 401, 'no token', () => ({ ...newKey(), body: { name: 'ci' } })],
  ['createServiceUserApiKey', 403, 'a caller without the permission', () => ({ token: member, ...newKey() })],
  [
    'createServiceUserApiKey',
    404,
    'an unknown service user',
    () => ({ token: admin, user: 'service-user-0' }),
  ],
  ['createServiceUserApiKey', 422, 'no name', () => ({ token: admin, ...newKey(), body: {} })],
  [
    'createServiceUserApiKey',
    422,
    'an expiry in the past',
    () => ({ token: admin, ...newKey(), body: { name: 'ci', expires_at: 1 } }),
  ],
  ['rotateServiceUserApiKey', 401, 'no token', () => newKey()],
  ['rotateServiceUserApiKey', 403, 'a caller without the permission', () => ({ token: member, ...newKey() })],
  [
    'rotateServiceUserApiKey',
    422,
    'an expiry in the past',
    () => ({ token: admin, ...newKey(), body: { new_key_expires_at: 1 } }),
  ],
  [
    'listServiceUserApiKeys',
    422,
    'an unknown status',
    () => ({ token: admin, ...newKey(), query: '?status=x' }),
  ],
  ['listEnterpriseSessions', 422, 'a page of 201', () => ({ token: admin, query: '?first=201' })],
  ['listSchedules', 422, 'a page of 101', () => ({ token: admin, ...newSchedule(), query: '?limit=101' })],
  ['listEnterpriseAuditLogs', 422, 'a page of 201', () => ({ token: admin, query: '?first=201' })],
  [
    'listEnterpriseAuditLogs',
    422,
    'an end without a beginning',
    () => ({ token: admin, query: '?time_before=2' }),
  ],
  [
    'listEnterpriseAuditLogs',
    422,
    'more than 100 days',
    () => ({ token: admin, query: '?time_after=0&time_before=8640001' }),
  ],
  ['listServiceUsers', 422, 'a page of 201', () => ({ token: admin, query: '?first=201' })],
];

describe('the Devin stand-in', () => {
  test.each(scenarios)(
    'keeps to the document: %s answers %i to %s',
    async (operationId, status, _title, arrange) => {
      const answer = await call(operationId, arrange());

      expect(answer.status).toBe(status);
      const response = answer.operation.responses[status];
      const content =
        response?.$ref === '#/components/responses/Problem'
          ? document.components.responses.Problem?.content
          : response?.content;
      expect(Object.keys(content ?? {})).toEqual([answer.contentType]);
      expect(schemaErrors(content?.[answer.contentType]?.schema, answer.body)).toBeUndefined();
    },
  );

  test.each(beyond)(
    'answers %s with a well-formed %i to %s',
    async (operationId, status, _title, arrange) => {
      const answer = await call(operationId, arrange());

      expect(answer.status).toBe(status);
      const schema = status === 422 ? document.components.schemas.HTTPValidationError : problemSchema;
      expect(schemaErrors(schema, answer.body)).toBeUndefined();
    },
  );

  test('answers every pair of operation and status that the document names, and no other', () => {
    const listed = beyond.map(([operation, status]) => `${operation} ${status}`);
    expect([...exercised].sort()).toEqual([...new Set([...documented, ...listed])].sort());
    expect(listed.filter((pair) => documented.includes(pair))).toEqual([]);
  });

  test('would be caught with a field that the document does not name', () => {
    const schema = document.components.schemas.ServiceUserSelf;
    const body = { principal_type: 'service_user', service_user_id: 'a', service_user_name: 'b' };
    expect(schemaErrors(schema, body)).toBeUndefined();
    expect(schemaErrors(schema, { ...body, api_key_id: 'c' })).toHaveLength(1);
  });
});
