import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SecretError } from '../../lib/aws/secrets.ts';
import { type DevinActivity, devinActivity, type ListEnd } from '../../lib/clients/devin-activity.ts';
import { cachedAdminToken } from '../../lib/clients/devin-admin-token.ts';
import { type Devin, startDevin } from '../../sandbox/devin.ts';

let devin: Devin;
let activity: DevinActivity;
let secret: string;
let taken: string[];
const service_user_id = 'service-user-1';
const retry = () => ({ deadline: Date.now() + 5_000, attempts: 2 });
const options = (maxPages = 10) => ({ retry: retry(), maxPages });
const newToken = (given: object) => devin.createKey(devin.createServiceUser(given).service_user_id).token;

beforeEach(async () => {
  devin = await startDevin();
  secret = newToken({ canWatch: true });
  activity = devinActivity(
    devin.url,
    cachedAdminToken(async () => secret, 'secret'),
  );
  taken = [];
});
afterEach(() => devin.stop());

const listSessions = (maxPages?: number): Promise<ListEnd> =>
  activity.listSessions(
    { createdAfter: 0, serviceUserId: service_user_id },
    (items) => taken.push(...items.map(({ session_id }) => session_id)),
    options(maxPages),
  );

describe('a list of sessions', () => {
  test('is read over all pages', async () => {
    devin.pageSize = 2;
    const ids = Array.from({ length: 5 }, () => devin.startSession({ service_user_id }).session_id);
    devin.startSession({ service_user_id: 'service-user-2' });
    expect(await listSessions()).toEqual({ status: 'complete' });
    expect(taken).toEqual(ids);
  });

  test('that is longer than it may be says so', async () => {
    devin.pageSize = 1;
    for (let index = 0; index < 3; index++) devin.startSession({ service_user_id });
    expect(await listSessions(2)).toEqual({ status: 'more', pages: 2 });
    expect(taken).toHaveLength(2);
  });

  test.each([
    ['a cursor that repeats', { items: [], has_next_page: true, end_cursor: 'a' }, /the page cursor repeats/],
    ['more to come without a cursor', { items: [], has_next_page: true }, /the page cursor repeats/],
    ['fewer items than its total', { items: [], has_next_page: false, total: 3 }, /0 of 3 were listed/],
    ['an item without an id', { items: [{ status: 'running' }] }, /not the documented JSON/],
    ['a page that is not JSON', '<html>', /not the documented JSON/],
  ])('with %s is not complete', async (_, body, reason) => {
    devin.fault({ operation: 'listEnterpriseSessions', status: 200, body, times: 9 });
    expect(await listSessions()).toEqual({
      status: 'failed',
      reason: expect.stringMatching(reason),
      retryable: true,
    });
  });

  test.each([
    [401, /HTTP 401, the token is not accepted: it was revoked or replaced, or our address/, true],
    [403, /HTTP 403, grant ViewAccountSessions/, false],
    [429, /HTTP 429$/, true],
    [503, /HTTP 503$/, true],
    [418, /HTTP 418$/, false],
  ])('that is answered %i says why', async (status, reason, retryable) => {
    devin.fault({ operation: 'listEnterpriseSessions', status, times: 9 });
    expect(await listSessions()).toEqual({
      status: 'failed',
      reason: expect.stringMatching(reason),
      retryable,
    });
  });

  test('without an answer is not complete', async () => {
    devin.fault({ operation: 'listEnterpriseSessions', reset: 'before', times: 9 });
    expect(await listSessions()).toMatchObject({ status: 'failed', reason: /no answer/, retryable: true });
  });

  test('is read with the new token after a rotation', async () => {
    devin.startSession({ service_user_id });
    await listSessions();
    const old = devin.keys().find(({ is_active }) => is_active);
    devin.revoke(old?.api_key_id ?? '');
    secret = newToken({ canWatch: true });
    taken = [];
    expect(await listSessions()).toEqual({ status: 'complete' });
    expect(taken).toHaveLength(1);
  });
});

describe('ids that enter a path', () => {
  const odd = ['../x', 'a/b', '', 'a b', `cog_${'a'.repeat(20)}`];
  test.each(odd)('%j is not sent', async (id) => {
    expect(await activity.listSchedules(id, () => {}, options())).toMatchObject({
      status: 'failed',
      retryable: false,
    });
    const session = { session_id: id, org_id: 'org-1' };
    const unsent = { status: 'failed', retryable: false, uncertain: false };
    expect(await activity.endSession(session, retry())).toMatchObject(unsent);
    expect(devin.requests).toEqual([]);
  });
});

describe('what is asked', () => {
  const noAct = () => expect.fail('nothing is to be taken');
  const asked = () => devin.requests.map(({ path, query }) => `${path}?${query}`);
  const empty = { items: [], has_next_page: false };

  test('of sessions is since when, of whom and from where', async () => {
    devin.fault({ operation: 'listEnterpriseSessions', status: 200, body: empty, times: 2 });
    await activity.listSessions({ createdAfter: 7 }, () => {}, options());
    await activity.listSessions(
      { createdAfter: 7, serviceUserId: service_user_id, origin: 'slack' },
      () => {},
      options(),
    );

    expect(asked()).toEqual([
      '/v3/enterprise/sessions?created_after=7&first=200',
      '/v3/enterprise/sessions?created_after=7&first=200&service_user_ids=service-user-1&origins=slack',
    ]);
  });

  test('of the audit log is a time, oldest first', async () => {
    const entry = { action: 'create_session', created_at: 8, data: {} };
    devin.fault({ operation: 'listEnterpriseAuditLogs', status: 200, body: { ...empty, items: [entry] } });
    const acts: unknown[] = [];
    const end = await activity.listAuditLog(
      { after: 7, before: 9 },
      (items) => acts.push(...items.map(({ action }) => action)),
      options(),
    );

    expect(end).toEqual({ status: 'complete' });
    expect(acts).toEqual(['create_session']);
    expect(asked()).toEqual(['/v3/enterprise/audit-logs?time_after=7&time_before=9&order=asc&first=200']);
  });

  test('is nothing where the token cannot be read', async () => {
    const broken = new SecretError('secret', 'ThrottlingException', 'cannot be read');
    const blind = devinActivity(
      devin.url,
      cachedAdminToken(() => Promise.reject(broken), 'secret'),
    );

    expect(await blind.listAuditLog({ after: 7, before: 9 }, noAct, options())).toEqual({
      status: 'failed',
      reason: `the audit log could not be read: ${broken.message}`,
      retryable: true,
    });
    expect(devin.requests).toEqual([]);
  });

  test('fails as a bug where it is one', async () => {
    const bug = devinActivity(
      'no URL',
      cachedAdminToken(async () => secret, 'secret'),
    );

    await expect(bug.listAuditLog({ after: 7, before: 9 }, noAct, options())).rejects.toThrow(TypeError);
  });
});

describe('a list of schedules', () => {
  const list = (maxPages?: number) => activity.listSchedules('org-1', () => {}, options(maxPages));
  const page = (body: object) =>
    devin.fault({ operation: 'listSchedules', status: 200, body: { items: [], ...body }, times: 9 });

  test('that is longer than it may be says so', async () => {
    for (let index = 0; index < 250; index++) devin.createSchedule({ created_by: 'x', org_id: 'org-1' });

    expect(await list(2)).toEqual({ status: 'more', pages: 2 });
    expect(devin.requests).toHaveLength(2);
  });

  test('with an empty page and more to come is not complete', async () => {
    page({ has_next_page: true });

    expect(await list()).toEqual({
      status: 'failed',
      reason: 'schedules broke off with an empty page',
      retryable: true,
    });
  });

  test('that is refused says of which organisation', async () => {
    devin.fault({ operation: 'listSchedules', status: 403 });

    expect(await list()).toEqual({
      status: 'failed',
      reason: 'schedules could not be read: HTTP 403, grant ManageOrgSchedules (org-1)',
      retryable: false,
    });
  });
});

test('schedules are read over all pages', async () => {
  for (let index = 0; index < 250; index++) devin.createSchedule({ created_by: 'somebody', org_id: 'org-1' });
  const end = await activity.listSchedules(
    'org-1',
    (items) => taken.push(...items.map(({ name }) => name)),
    options(),
  );
  expect(end).toEqual({ status: 'complete' });
  expect(taken).toHaveLength(250);
});

describe('a session that is ended', () => {
  test('stays readable', async () => {
    const session = devin.startSession({ service_user_id });
    expect(await activity.endSession(session, retry())).toEqual({ status: 'accepted' });
    expect(devin.session(session.session_id)).toMatchObject({ status: 'exit', is_archived: true });
  });

  test('may have been ended by an attempt before the token was replaced, whose answer was lost', async () => {
    const operation = 'terminateSession';
    devin.fault({ operation, reset: 'after' });
    devin.fault({ operation, status: 401 });
    devin.fault({ operation, status: 404 });
    const session = devin.startSession({ service_user_id });
    const ending = activity.endSession(session, retry());
    secret = newToken({ canWatch: true });

    expect(await ending).toMatchObject({ status: 'failed', uncertain: true });
  });

  test.each([
    [{ status: 403 }, { reason: /HTTP 403, grant ManageOrgSessions/, uncertain: false, retryable: false }],
    [{ status: 404 }, { reason: /HTTP 404/, uncertain: false, retryable: false }],
    [
      { status: 503, times: 9 },
      { reason: /HTTP 503/, uncertain: true, retryable: true },
    ],
    [
      { reset: 'before', times: 9 },
      { reason: /no answer/, uncertain: true, retryable: true },
    ],
  ] as const)('with %j is not', async (fault, { reason, ...expected }) => {
    devin.fault({ operation: 'terminateSession', ...fault });
    const session = devin.startSession({ service_user_id });
    expect(await activity.endSession(session, retry())).toEqual({
      status: 'failed',
      reason: expect.stringMatching(reason),
      ...expected,
    });
  });
});
