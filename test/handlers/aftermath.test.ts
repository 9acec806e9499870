import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { schemaFindings } from '../../cli/audit/verify/record-findings.ts';
import type { Aftermath } from '../../lib/domain/aftermath.ts';
import { startServer } from '../../sandbox/http-server.ts';
import { type Sandbox, startSandbox } from '../../sandbox/index.ts';
import { sqsEvent, sqsRecord } from '../../sandbox/sqs-event.ts';
import {
  captureOutput,
  type Handler,
  lambdaContext,
  loadHandler,
  type Output,
} from '../support/load-handler.ts';
import { type Published, readPublished } from '../support/published.ts';

const DAY = 86_400;
const HOUR = 3_600;
const now = () => Math.floor(Date.now() / 1_000);

let sandbox: Sandbox;
let output: Output;
let leak: ReturnType<Sandbox['leak']>;

beforeEach(async () => {
  sandbox = await startSandbox();
  output = captureOutput();
  leak = sandbox.leak({ key: { created_at: now() - 200 * DAY } });
});

afterEach(async () => {
  output.restore();
  const wrong = sandbox.s3.objects('records/').flatMap(({ body, key }) => schemaFindings(key, body));
  expect(wrong).toEqual([]);
  await sandbox.stop();
});

type Env = Record<string, string | undefined>;
const load = (env: Env = {}): Promise<Handler<'revoke'>> =>
  loadHandler('revoke', sandbox.env({ AFTERMATH: undefined, PROOF_WINDOW_SECONDS: '1', ...env }));

/** Revokes the leaked key by its alert, and returns what followed as it is on record. */
async function revoked(env: Env = {}): Promise<Aftermath> {
  const revoke = await load(env);
  expect(await revoke({ github_alert: leak.alert })).toMatchObject({ status: 'revoked', recorded: true });
  return recorded();
}

const records = (name: string) =>
  sandbox.s3.objects('records/').filter(({ key }) => key.includes(`/${name}`));
function recorded(name = '75-aftermath.json'): Aftermath {
  const found = records(name);
  expect(found).toHaveLength(1);
  return JSON.parse(found[0]?.body ?? '').unmapped;
}
const start = (given: Partial<Parameters<Sandbox['devin']['startSession']>[0]> = {}) =>
  sandbox.devin.startSession({ service_user_id: leak.service_user_id, ...given });
const ended = () =>
  sandbox.devin.requests
    .filter(({ operation }) => operation === 'terminateSession')
    .map(({ path }) => path.split('/').at(-1));
const queued = () => sandbox.sqs.sent().map((body) => JSON.parse(body));
const terminate = { AFTERMATH: 'terminate' };

describe('after a revocation', () => {
  test('nothing since the leak is on record as nothing', async () => {
    start({ created_at: now() - 40 * DAY, status: 'exit' });
    expect(await revoked()).toMatchObject({
      kind: 'aftermath',
      service_user_id: leak.service_user_id,
      api_key_id: leak.api_key_id,
      mode: 'report',
      complete: true,
      problems: [],
      sessions: { total: 0, running: 0 },
      schedules: { total: 0 },
      keys: { total: 0 },
    });
    expect(JSON.parse(records('75-aftermath')[0]?.body ?? '')).toMatchObject({
      activity_id: 5,
      type_uid: 700105,
      status_code: 'aftermath_clear',
      is_alert: false,
    });
  });

  test('a session that runs and one that ended are told apart', async () => {
    const running = start({ title: 'exfiltrate', pull_requests: ['https://github.com/acme/webshop/pull/7'] });
    const over = start({ status: 'exit' });
    const facts = await revoked();
    expect(facts.sessions).toMatchObject({ total: 2, running: 1 });
    expect(facts.sessions.listed).toMatchObject([
      {
        session_id: running.session_id,
        running: true,
        status: 'running',
        url: running.url,
        title: 'exfiltrate',
        pull_requests: ['https://github.com/acme/webshop/pull/7'],
        origin: 'api',
      },
      { session_id: over.session_id, running: false, status: 'exit' },
    ]);
    expect(facts.note).toMatch(/names its service user and not the key/);
    expect(ended()).toEqual([]);
  });

  test('500 sessions are read over all pages, and the record stays small', async () => {
    for (let index = 0; index < 500; index++) start({ status: index % 2 === 0 ? 'running' : 'exit' });
    sandbox.devin.pageSize = 40;
    const facts = await revoked();
    expect(facts.sessions).toMatchObject({ total: 500, running: 250 });
    expect(facts.sessions.listed).toHaveLength(100);
    expect(records('75-aftermath')[0]?.body.length).toBeLessThan(100_000);
  });

  test('a session of one second before the margin is left out, one of a second after it is not', async () => {
    const leakedAt = Date.parse(
      String(sandbox.github.alert('acme', 'webshop', leak.alert.number)?.created_at),
    );
    const since = Math.floor(leakedAt / 1_000) - 2 * HOUR;
    start({ created_at: since - 1 });
    const at = start({ created_at: since });
    const after = start({ created_at: since + 1 });
    const facts = await revoked({ AFTERMATH_MARGIN_HOURS: '2' });
    expect(facts.sessions.listed.map(({ session_id }) => session_id).sort()).toEqual(
      [at.session_id, after.session_id].sort(),
    );
    expect(Date.parse(facts.since)).toBe(since * 1_000);
  });

  test('what was there before the key is left out', async () => {
    leak = sandbox.leak({ key: { created_at: now() - 60 } });
    start({ created_at: now() - 120 });
    const since = start({ created_at: now() - 30 });
    const { sessions } = await revoked();
    expect(sessions.listed.map(({ session_id }) => session_id)).toEqual([since.session_id]);
  });

  test('of several tokens in one secret, each service user is looked at', async () => {
    const other = sandbox.leak();
    const mine = start();
    const theirs = start({ service_user_id: other.service_user_id });
    const secret = `${leak.token} ${other.token}`;
    leak = { ...leak, alert: sandbox.github.createAlert({ repo: 'both', secret }) };

    const [first, second] = [await revoked(terminate), recorded('75-aftermath-2.json')];

    expect([first, second]).toMatchObject([
      { service_user_id: leak.service_user_id, api_key_id: leak.api_key_id, complete: true },
      { service_user_id: other.service_user_id, api_key_id: other.api_key_id, complete: true },
    ]);
    expect(ended().sort()).toEqual([mine.session_id, theirs.session_id].sort());
  });

  test('a session in the name of a user is counted, and says so', async () => {
    start({ as_user: 'google-oauth2|1234' });
    const { sessions } = await revoked();
    expect(sessions.listed).toMatchObject([{ as_user: 'google-oauth2|1234' }]);
  });

  test('child sessions that do not name the service user are found, and those of others are not', async () => {
    const parent = start({ status: 'exit' });
    const child = start({ parent: parent.session_id });
    const grandchild = start({ parent: child.session_id });
    const other = sandbox.devin.createServiceUser().service_user_id;
    const foreign = sandbox.devin.startSession({ service_user_id: other });
    sandbox.devin.startSession({ service_user_id: other, parent: foreign.session_id });
    const { sessions } = await revoked();
    expect(sessions).toMatchObject({ total: 3, running: 2 });
    expect(sessions.listed.find(({ session_id }) => session_id === grandchild.session_id)).toMatchObject({
      parent_session_id: child.session_id,
    });
  });

  test('sessions of another service user, or from before, are left out even when the API shows them', async () => {
    const other = sandbox.devin.startSession({
      service_user_id: sandbox.devin.createServiceUser().service_user_id,
    });
    const mine = start();
    const older = start({ created_at: now() - 40 * DAY });
    sandbox.devin.fault({
      operation: 'listEnterpriseSessions',
      status: 200,
      body: { items: [other, mine, older], has_next_page: false },
    });
    const { sessions } = await revoked(terminate);
    expect(sessions.listed.map(({ session_id }) => session_id)).toEqual([mine.session_id]);
    expect(ended()).toEqual([mine.session_id]);
  });

  test('hours and origins unlike those of the thirty days before are marked', async () => {
    for (let day = 2; day < 20; day++) {
      start({ created_at: now() - day * DAY, status: 'exit', origin: 'slack' });
    }
    const usual = start({ origin: 'slack', created_at: now() - HOUR });
    const origin = start({ origin: 'api', created_at: now() - HOUR });
    const hour = start({ origin: 'slack', created_at: now() - 8 * HOUR });
    const facts = await revoked();
    const unusual = Object.fromEntries(
      facts.sessions.listed.map((session) => [session.session_id, session.unusual]),
    );
    expect(unusual).toEqual({
      [usual.session_id]: [],
      [origin.session_id]: ['origin'],
      [hour.session_id]: ['hour'],
    });
    expect(facts.sessions.unusual).toBe(2);
    expect(facts.usual).toMatchObject({ sessions: 18, origins: ['slack'] });
  });

  test('schedules, keys, service users, secrets and other acts are named', async () => {
    const { service_user_id } = leak;
    const schedule = sandbox.devin.createSchedule({ created_by: service_user_id, name: 'nightly' });
    sandbox.devin.createSchedule({ created_by: service_user_id, created_at: now() - 90 * DAY });
    sandbox.devin.createSchedule({ created_by: 'somebody' });
    const act = (action: string, data: object) => sandbox.devin.act({ service_user_id, action, data });
    act('create_service_user_api_key', { service_user_id, api_key_id: 'key-second' });
    act('rotate_service_user_api_key', { service_user_id, api_key_id: 'key-old' });
    act('create_service_user', { service_user_id: 'service-user-new' });
    act('create_secret', { secret_id: 'secret-1', value: leak.token });
    act('create_playbook', { playbook_id: 'playbook-1' });
    act('create_knowledge', { name: 'no id' });
    sandbox.devin.act({ service_user_id: 'service-user-other', action: 'create_secret' });
    const facts = await revoked();
    expect(facts.schedules).toMatchObject({
      total: 1,
      listed: [{ schedule_id: schedule.scheduled_session_id, name: 'nightly', enabled: true }],
    });
    expect(facts.keys).toMatchObject({
      total: 2,
      listed: [
        { api_key_id: 'key-second', event: JSON.stringify({ service_user_id, api_key_id: 'key-second' }) },
        { by: 'rotate', service_user_id },
      ],
    });
    expect(facts.service_users).toMatchObject({ total: 1, listed: [{ id: 'service-user-new' }] });
    expect(facts.secrets).toMatchObject({ total: 1, listed: [{ id: 'secret-1' }] });
    expect(facts.acts).toMatchObject({ total: 2, by_action: { create_playbook: 1, create_knowledge: 1 } });
  });

  test('the audit log is read in windows of at most 100 days', async () => {
    const revoke = await load();
    const since = new Date((now() - 250 * DAY) * 1_000).toISOString();
    const { service_user_id } = leak;
    sandbox.devin.act({ service_user_id, action: 'create_secret', created_at: now() - 240 * DAY });
    const answer = await revoke({ aftermath: { service_user_id, since } });
    expect(answer).toMatchObject({
      status: 'recorded',
      aftermath: { complete: true, secrets: { total: 1 } },
    });
    const ranges = sandbox.devin.requests
      .filter(({ operation }) => operation === 'listEnterpriseAuditLogs')
      .map(({ query }) => new URLSearchParams(query))
      .map((query) => Number(query.get('time_before')) - Number(query.get('time_after')));
    expect(ranges).toHaveLength(3);
    expect(Math.max(...ranges)).toBeLessThanOrEqual(100 * DAY);
  });

  test.each([
    ['sessions', 'listEnterpriseSessions', 'ViewAccountSessions'],
    ['the audit log', 'listEnterpriseAuditLogs', 'ManageEnterpriseSettings'],
    ['schedules', 'listSchedules', 'ManageOrgSchedules'],
  ])(
    'without the permission to read %s, the record says which one to grant',
    async (what, operation, permission) => {
      start();
      sandbox.devin.fault({ operation, status: 403, times: Number.POSITIVE_INFINITY });
      sandbox.devin.act({ service_user_id: leak.service_user_id, action: 'create_playbook' });
      const facts = await revoked();
      expect(facts.complete).toBe(false);
      expect(facts.problems.join()).toContain(`${what} could not be read: HTTP 403, grant ${permission}`);
      // The rest is there all the same.
      expect(facts.sessions.total).toBe(operation === 'listEnterpriseSessions' ? 0 : 1);
      expect(queued()).toEqual([]);
    },
  );

  test('without the permission to end sessions, the record says so and nothing is claimed', async () => {
    const session = start();
    sandbox.devin.fault({ operation: 'terminateSession', status: 403, times: Number.POSITIVE_INFINITY });
    const facts = await revoked(terminate);
    expect(facts.sessions.listed).toMatchObject([
      { session_id: session.session_id, running: true, end: 'failed' },
    ]);
    expect(facts.problems.join()).toContain('HTTP 403, grant ManageOrgSessions');
  });

  test('a second token reads, so that the admin token stays narrow', async () => {
    start();
    const watcher = sandbox.devin.createServiceUser({ canWatch: true });
    sandbox.secrets.put('activity', sandbox.devin.createKey(watcher.service_user_id).token);
    const { sessions } = await revoked({ ACTIVITY_TOKEN_SECRET_ID: 'activity' });
    expect(sessions.total).toBe(1);
  });

  test('off asks nothing', async () => {
    start();
    const revoke = await load({ AFTERMATH: 'off' });
    await revoke({ github_alert: leak.alert });
    expect(records('75')).toEqual([]);
    expect(sandbox.devin.requests.filter(({ path }) => path.includes('sessions'))).toEqual([]);
  });

  test('the report of our own key is looked at with the standby token, and nothing is ended', async () => {
    const standby = sandbox.devin.createServiceUser({ canManage: true });
    sandbox.secrets.put('standby', sandbox.devin.createKey(standby.service_user_id).token);
    const { service_user_id, token } = sandbox.admin;
    sandbox.devin.startSession({ service_user_id });
    const revoke = await load({ ...terminate, STANDBY_TOKEN_SECRET_ID: 'standby' });
    expect(await revoke({ token })).toMatchObject({ status: 'revoked', own_key: true });
    expect(recorded()).toMatchObject({
      own_key: true,
      sessions: { running: 1 },
      escalated: expect.stringContaining('that of this software'),
    });
    expect(ended()).toEqual([]);
  });

  test('without a token that still works, the report of our own key says what could not be read', async () => {
    const revoke = await load();
    expect(await revoke({ token: sandbox.admin.token })).toMatchObject({ status: 'revoked', own_key: true });
    const [request] = queued();
    expect(request).toMatchObject({ kind: 'aftermath', attempt: 2, own_key: true });
    expect(await revoke(sqsMessage({ ...request, attempt: 5 }))).toEqual({ batchItemFailures: [] });
    expect(recorded().problems.join()).toContain('sessions could not be read: HTTP 401');
  });

  test('a redelivered report is looked at once', async () => {
    start();
    const revoke = await load();
    const message = sqsMessage(leakReport());
    await revoke(message);
    const asked = sandbox.devin.requests.length;
    expect(await revoke(message)).toEqual({ batchItemFailures: [] });
    expect(sandbox.devin.requests.slice(asked).filter(({ path }) => path.includes('sessions'))).toEqual([]);
    expect(records('75-aftermath')).toHaveLength(1);
  });
});

describe('with AFTERMATH=terminate', () => {
  test('sessions up to the cap are ended, each with an intent before it, and their end is read', async () => {
    const sessions = [start(), start({ status: 'suspended' }), start({ as_user: 'user-1' })];
    const before = start({ created_at: now() - 40 * DAY });
    let intents = 0;
    sandbox.devin.onArrival = async ({ operation }) => {
      if (operation === 'terminateSession') intents += records('72-end-session-').length > 0 ? 1 : 0;
      return undefined;
    };
    const facts = await revoked({ ...terminate, AFTERMATH_MAX: '3' });
    expect(ended().sort()).toEqual(sessions.map(({ session_id }) => session_id).sort());
    expect(facts.sessions).toMatchObject({ total: 3, running: 0 });
    expect(facts.sessions.listed.map(({ end, status }) => [end, status])).toEqual(
      sessions.map(() => ['ended', 'exit']),
    );
    expect(records('72-end-session-')).toHaveLength(3);
    expect(intents).toBe(3);
    expect(sandbox.devin.session(before.session_id)?.status).toBe('running');
    for (const { session_id } of sessions) {
      expect(sandbox.devin.session(session_id)).toMatchObject({ status: 'exit', is_archived: true });
    }
  });

  test('above the cap nothing is ended, and it is escalated', async () => {
    for (let index = 0; index < 4; index++) start();
    const facts = await revoked({ ...terminate, AFTERMATH_MAX: '3' });
    expect(facts.escalated).toBe('4 sessions run, more than AFTERMATH_MAX (3), so none was ended');
    expect(ended()).toEqual([]);
    expect(JSON.parse(records('75-aftermath')[0]?.body ?? '')).toMatchObject({
      status_code: 'aftermath_escalated',
      is_alert: true,
    });
  });

  test('a list that broke off ends nothing', async () => {
    start();
    sandbox.devin.fault({
      operation: 'listEnterpriseSessions',
      status: 200,
      times: Number.POSITIVE_INFINITY,
      body: { items: [start()], has_next_page: true, end_cursor: 'again' },
    });
    const revoke = await load(terminate);
    await revoke({ github_alert: leak.alert });
    expect(ended()).toEqual([]);
    expect(queued()).toMatchObject([{ kind: 'aftermath', attempt: 2 }]);
  });

  test('a session that ends by itself meanwhile is not claimed', async () => {
    const session = start();
    sandbox.devin.onArrival = ({ operation }) => {
      if (operation === 'terminateSession') sandbox.devin.endSession(session.session_id);
      return undefined;
    };
    sandbox.devin.fault({ operation: 'terminateSession', status: 404 });
    const { sessions } = await revoked(terminate);
    expect(sessions.listed).toMatchObject([{ running: false, end: 'ended_by_itself' }]);
  });

  test('a DELETE whose answer is lost is repeated, and the end is read', async () => {
    start();
    sandbox.devin.fault({ operation: 'terminateSession', reset: 'after' });
    const { sessions } = await revoked(terminate);
    expect(ended()).toHaveLength(2);
    expect(sessions.listed).toMatchObject([{ running: false, end: 'ended', status: 'exit' }]);
  });

  test('a DELETE that changes nothing is not claimed, and tried again', async () => {
    const session = start();
    sandbox.devin.fault({
      operation: 'terminateSession',
      status: 200,
      body: session,
      times: Number.POSITIVE_INFINITY,
    });
    const revoke = await load(terminate);
    await revoke({ github_alert: leak.alert });
    expect(records('75-aftermath')).toEqual([]);
    expect(queued()).toMatchObject([{ kind: 'aftermath', attempt: 2 }]);
  });

  test('a run that died between the intent and the DELETE is finished by the next', async () => {
    const session = start();
    sandbox.devin.fault({ operation: 'terminateSession', reset: 'before', times: 4 });
    const revoke = await load(terminate);
    await revoke({ github_alert: leak.alert });
    expect(records('72-end-session-')).toHaveLength(1);
    expect(sandbox.devin.session(session.session_id)?.status).toBe('running');
    const [request] = queued();
    expect(await revoke(sqsMessage(request))).toEqual({ batchItemFailures: [] });
    expect(recorded().sessions.listed).toMatchObject([{ running: false, end: 'ended' }]);
    expect(records('72-end-session-')).toHaveLength(1);
  });

  test('a run that died after the DELETE is told as what it is', async () => {
    start();
    sandbox.devin.fault({ operation: 'listEnterpriseAuditLogs', status: 503, times: 4 });
    const revoke = await load(terminate);
    await revoke({ github_alert: leak.alert });
    expect(ended()).toHaveLength(1);
    await revoke(sqsMessage(queued()[0]));
    expect(ended()).toHaveLength(1);
    expect(recorded().sessions.listed).toMatchObject([{ running: false, end: 'over_after_intent' }]);
  });

  test('without a stored intent nothing is ended', async () => {
    start();
    sandbox.s3.fault({ method: 'PUT', path: /72-end-session/, status: 503, times: Number.POSITIVE_INFINITY });
    const revoke = await load(terminate);
    await revoke({ github_alert: leak.alert });
    expect(ended()).toEqual([]);
  });

  test('a report that revoked nothing ends nothing, since a leak is not established', async () => {
    start();
    const revoke = await load(terminate);
    const { service_user_id } = leak;
    expect(await revoke({ service_user_id, api_key_id: 'key-mistyped' })).toMatchObject({
      status: 'not_found',
    });
    expect(recorded()).toMatchObject({ mode: 'report', sessions: { running: 1 } });
    expect(ended()).toEqual([]);
  });

  test('a revocation of a sweep is not followed', async () => {
    start();
    const revoke = await load(terminate);
    const { api_key_id, service_user_id } = leak;
    const report = {
      ...leakReport(),
      report_id: `sweep/plan/${api_key_id}`,
      detector: 'sweep',
      invoked_by: 'schedule',
      leak: { kind: 'key', service_user_id, api_key_id },
    };
    expect(await revoke(sqsMessage(report))).toEqual({ batchItemFailures: [] });
    expect(records('90-outcome')).toHaveLength(1);
    expect(records('75-aftermath')).toEqual([]);
    expect(ended()).toEqual([]);
  });

  test('a dry run lists what would be ended, and ends nothing', async () => {
    const session = start();
    const revoke = await load(terminate);
    await revoke({ github_alert: leak.alert, dry_run: true });
    expect(recorded('76-aftermath-rehearsal.json')).toMatchObject({
      dry_run: true,
      sessions: { running: 1, listed: [{ session_id: session.session_id, end: 'would_end' }] },
    });
    expect(ended()).toEqual([]);
    expect(records('75-aftermath')).toEqual([]);
    expect(queued()).toEqual([]);
  });

  test('a key that was made goes on the queue as a report, and is revoked', async () => {
    const { service_user_id } = leak;
    const second = sandbox.devin.createKey(service_user_id);
    sandbox.devin.act({
      service_user_id,
      action: 'create_service_user_api_key',
      data: { service_user_id, api_key_id: second.api_key_id },
    });
    const revoke = await load(terminate);
    // By its ids, since there are two keys now.
    await revoke({ service_user_id, api_key_id: leak.api_key_id });
    expect(recorded().keys.listed).toMatchObject([
      { api_key_id: second.api_key_id, queued: true, active: true },
    ]);
    const [report] = queued();
    expect(report).toMatchObject({
      report_id: `aftermath/${service_user_id}/${second.api_key_id}`,
      detector: 'aftermath',
      leak: { kind: 'key', api_key_id: second.api_key_id },
    });
    expect(await revoke(sqsMessage(report))).toEqual({ batchItemFailures: [] });
    expect(sandbox.devin.isLive(second.token)).toBe(false);
  });

  test('more keys than the cap, and keys of our own service user, are not queued', async () => {
    const own = sandbox.devin.createKey(sandbox.admin.service_user_id);
    const act = (data: object) =>
      sandbox.devin.act({
        service_user_id: leak.service_user_id,
        action: 'create_service_user_api_key',
        data,
      });
    act({ service_user_id: own.service_user_id, api_key_id: own.api_key_id });
    await revoked(terminate);
    expect(queued()).toEqual([]);
    leak = sandbox.leak({ key: { created_at: now() - DAY } });
    act({ service_user_id: leak.service_user_id, api_key_id: 'key-1' });
    act({ service_user_id: leak.service_user_id, api_key_id: 'key-2' });
    const revoke = await load({ ...terminate, AFTERMATH_MAX: '1' });
    await revoke({ github_alert: leak.alert });
    expect(queued()).toEqual([]);
    expect(JSON.parse(records('75-aftermath').at(-1)?.body ?? '').unmapped.escalated).toMatch(
      /2 keys were made, more than AFTERMATH_MAX \(1\)/,
    );
  });
});

describe('when Devin does not answer as it should', () => {
  test('429 and 503 are retried', async () => {
    start();
    sandbox.devin.fault({
      operation: 'listEnterpriseSessions',
      status: 429,
      headers: { 'retry-after': '1' },
    });
    sandbox.devin.fault({ operation: 'listEnterpriseAuditLogs', status: 503 });
    expect(await revoked()).toMatchObject({ complete: true, sessions: { total: 1 } });
  });

  test('an outage never turns a finished report into an unfinished one, and is tried again until it is recorded', async () => {
    start();
    sandbox.devin.fault({
      operation: 'listEnterpriseAuditLogs',
      status: 503,
      times: Number.POSITIVE_INFINITY,
    });
    const revoke = await load();
    expect(await revoke(sqsMessage(leakReport()))).toEqual({ batchItemFailures: [] });
    for (let attempt = 2; attempt <= 5; attempt++) {
      const request = queued().at(-1);
      expect(request).toMatchObject({ kind: 'aftermath', attempt });
      expect(records('75-aftermath')).toEqual([]);
      expect(await revoke(sqsMessage(request))).toEqual({ batchItemFailures: [] });
    }
    expect(queued()).toHaveLength(4);
    expect(recorded()).toMatchObject({
      complete: false,
      problems: ['the audit log could not be read: HTTP 503'],
      sessions: { total: 1 },
    });
  }, 60_000);

  test('50,000 sessions cost a bounded number of requests, and the record says how far it came', async () => {
    for (let index = 0; index < 50_000; index++) start({ status: 'exit', title: 'x'.repeat(500) });
    sandbox.devin.pageSize = 200;
    const facts = await revoked();
    expect(facts).toMatchObject({ complete: false, sessions: { total: 20_000 } });
    expect(facts.problems).toEqual(['sessions: the first 100 pages were read, and there are more']);
    const lists = sandbox.devin.requests.filter(({ operation }) => operation === 'listEnterpriseSessions');
    expect(lists.length).toBeLessThan(150);
  }, 60_000);

  test('slow lists end within the time of the invocation', async () => {
    start();
    sandbox.devin.fault({ operation: 'listEnterpriseSessions', delayMs: 120_000, times: 9 });
    const revoke = await load();
    const began = Date.now();
    const end = began + 30_000;
    const context = lambdaContext({ getRemainingTimeInMillis: () => end - Date.now() });
    await revoke(sqsMessage(leakReport()), context);
    expect(Date.now()).toBeLessThan(end - 2_000);
    expect(queued()).toMatchObject([{ kind: 'aftermath', attempt: 2 }]);
  }, 60_000);

  test('without time in the invocation it goes on by a message of its own, which holds no token', async () => {
    start();
    const revoke = await load();
    const end = Date.now() + 20_000;
    const context = lambdaContext({ getRemainingTimeInMillis: () => end - Date.now() });
    expect(await revoke({ token: leak.token }, context)).toMatchObject({ status: 'revoked' });
    expect(records('75-aftermath')).toEqual([]);
    const [request] = queued();
    expect(request).toMatchObject({ kind: 'aftermath', attempt: 1, report: { leak: { kind: 'token' } } });
    expect(JSON.stringify(request)).not.toContain(leak.token.slice(4, 12));
    await revoke(sqsMessage(request));
    expect(recorded().sessions.total).toBe(1);
  });

  test('a batch takes reports and requests apart', async () => {
    const revoke = await load();
    const end = Date.now() + 20_000;
    await revoke({ token: leak.token }, lambdaContext({ getRemainingTimeInMillis: () => end - Date.now() }));
    const [request] = queued();
    const next = sandbox.leak();
    const batch = sqsMessage(request, leakReport(next), { kind: 'aftermath', version: 7 });
    expect(await revoke(batch)).toEqual({ batchItemFailures: [{ itemIdentifier: 'message-2' }] });
    expect(records('90-outcome')).toHaveLength(2);
    expect(records('75-aftermath')).toHaveLength(2);
  });

  test('the outcome is stored before anything is asked', async () => {
    let outcomes = 0;
    sandbox.devin.onArrival = ({ operation }) => {
      if (operation === 'listEnterpriseSessions') outcomes += records('90-outcome').length;
      return undefined;
    };
    await revoked();
    expect(outcomes).toBe(1);
  });
});

describe('by hand', () => {
  test('it takes a service user and a time, without a margin', async () => {
    start({ created_at: now() - 90 });
    const session = start({ created_at: now() - 30 });
    const revoke = await load();
    const { service_user_id } = leak;
    const since = new Date((now() - 60) * 1_000).toISOString();
    expect(await revoke({ aftermath: { service_user_id, since } })).toMatchObject({
      status: 'recorded',
      aftermath: { sessions: { total: 1, listed: [{ session_id: session.session_id }] } },
    });
    expect(sandbox.devin.isLive(leak.token)).toBe(true);
  });

  test.each([
    [{ aftermath: {} }, /aftermath.service_user_id is missing.*aftermath.since is missing/],
    [{ aftermath: { service_user_id: 'robot', since: '2026-07-30' } }, /service_user_id must be/],
    [
      { aftermath: { service_user_id: 'service-user-1', since: 'yesterday' } },
      /since must be a day or a time/,
    ],
    [{ aftermath: { service_user_id: 'service-user-1', since: '2026-07-30' }, mode: 1 }, /not known/],
  ])('%j is refused before anything is asked', async (event, message) => {
    const revoke = await load();
    await expect(revoke(event)).rejects.toThrow(message);
    expect(sandbox.devin.requests).toEqual([]);
  });
});

test('a person is notified of what was found, once', async () => {
  const received: Published[] = [];
  const sns = await startServer({
    handle: ({ body }) => {
      const message = readPublished(body);
      if (message.subject.startsWith('aftermath')) received.push(message);
      return { status: 200, body: '<PublishResponse/>' };
    },
  });
  try {
    const session = start({ title: 'a title' });
    const topic = {
      NOTIFY_TOPIC_ARN: 'arn:aws:sns:us-east-1:123456789012:alarms',
      AWS_ENDPOINT_URL_SNS: sns.url,
    };
    await revoked(topic);
    expect(received.map(({ subject }) => subject)).toEqual([
      `aftermath of ${leak.service_user_id}: 1 session, 1 running, 0 schedules, 0 new keys`.slice(0, 99),
    ]);
    const text = received[0]?.text;
    const { number, owner, repo } = leak.alert;
    expect(received[0]?.chat.metadata.threadId).toBe(`github/${owner}/${repo}/${number}`);
    expect(text).toContain(
      `started 1 session (1 at an hour or from an origin unlike the thirty days before)`,
    );
    expect(text).toContain(`1 still runs: ${session.url}`);
    expect(text).toContain('names its service user and not the key');
    leak = sandbox.leak();
    await load(topic).then((revoke) => revoke({ github_alert: leak.alert }));
    expect(received).toHaveLength(1);
  } finally {
    await sns.stop();
  }
});

function leakReport({ alert } = leak) {
  const at = Date.now();
  const { number, owner, repo } = alert;
  return {
    version: 1,
    report_id: `github/${owner}/${repo}/${number}/created/x`,
    detector: 'github',
    invoked_by: 'webhook',
    reported_at: at,
    seen_at: at,
    leak: { kind: 'github_alert', owner, repo, number },
  };
}

function sqsMessage(...bodies: unknown[]) {
  return sqsEvent(...bodies.map((body, index) => sqsRecord(body, { messageId: `message-${index}` })));
}
