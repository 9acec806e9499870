import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { SweepResult } from '../../lib/sweep/keys/deps.ts';
import { type Sandbox, startSandbox } from '../../sandbox/index.ts';
import { outcomeRecords } from '../../sandbox/observe.ts';
import {
  captureOutput,
  type Handler,
  lambdaContext,
  loadHandler,
  type Output,
} from '../support/load-handler.ts';

const DAY = 86_400;
let sandbox: Sandbox;
let output: Output;

beforeEach(async () => {
  sandbox = await startSandbox();
  output = captureOutput();
});

afterEach(async () => {
  vi.useRealTimers();
  output.restore();
  await sandbox.stop();
});

const now = (): number => Math.floor(Date.now() / 1_000);
type Env = Record<string, string | undefined>;
const load = (env: Env = {}): Promise<Handler<'sweep-keys'>> =>
  loadHandler('sweep-keys', sandbox.env({ SWEEP_MODE: 'enforce', ...env }));
/** A handler of a cold container, and one invocation of it. */
const sweep = async (env: Env = {}, event: unknown = {}): Promise<SweepResult> => (await load(env))(event);

/** Healthy service users with a key each, so that a few revocations are a small share. */
function healthy(count: number): void {
  for (let index = 0; index < count; index++) addKey({ expires_at: now() + 200 * DAY });
}
function addKey(key: Parameters<Sandbox['devin']['createKey']>[1], name = 'robot') {
  const { service_user_id } = sandbox.devin.createServiceUser({ name });
  return sandbox.devin.createKey(service_user_id, key);
}
const expired = () => addKey({ created_at: now() - 90 * DAY, expires_at: now() - DAY }, 'old robot');
const queued = (): { report_id: string; leak: { api_key_id: string } }[] =>
  sandbox.sqs.backlogSent().map((body) => JSON.parse(body));
const queuedKeys = (): string[] => queued().map(({ leak }) => leak.api_key_id);
const metric = (name: string): number =>
  output
    .entries()
    .filter((entry) => name in entry)
    .reduce((sum, entry) => sum + Number(entry[name]), 0);
const warnings = () => output.entries().filter(({ message }) => message === 'key warning');

/** The worker takes what is on the queue, once. */
async function work(env: Env = {}): Promise<SQSBatchResponse> {
  const revoke = await loadHandler('revoke', sandbox.env({ PROOF_WINDOW_SECONDS: '1', ...env }));
  return new Promise((resolve) => {
    const poller = sandbox.sqs.pollBacklog(
      async (event: SQSEvent) => {
        const answer = (await revoke(event)) as SQSBatchResponse;
        void poller.stop();
        resolve(answer);
        return answer;
      },
      { visibilityTimeoutSeconds: 0 },
    );
  });
}

describe('in report mode', () => {
  test('an expired key is planned to be revoked, and nothing else happens', async () => {
    healthy(9);
    const key = expired();

    const result = await sweep({ SWEEP_MODE: undefined });

    expect(result).toEqual({
      status: 'report',
      plan_id: expect.stringMatching(/^\d{8}T\d{6}Z-[0-9a-f]{8}$/),
      totals: {
        users: 11,
        keys: 11,
        active: 10,
        revoke: 1,
        warn: 1,
        rules: { no_expiry: 1, valid: 9, expired: 1 },
      },
      blocks: [],
    });
    expect(queued()).toEqual([]);
    const page = sandbox.s3.objects('plans/').find(({ key: path }) => path.endsWith('pages/000001.json'));
    const entries: { decision: string }[] = JSON.parse(page?.body ?? '').entries;
    expect(entries.filter(({ decision }) => decision === 'revoke')).toEqual([
      expect.objectContaining({ ...withoutToken(key), service_user_name: 'old robot', rule: 'expired' }),
    ]);
  });

  test('a dry run does not enforce either', async () => {
    healthy(9);
    expired();

    expect(await sweep({ DRY_RUN: 'true' })).toMatchObject({ status: 'report', totals: { revoke: 1 } });
    expect(await sweep({}, { dry_run: true })).toMatchObject({ status: 'report', totals: { revoke: 1 } });
    expect(queued()).toEqual([]);
  });
});

describe('in enforce mode', () => {
  test('each revocation runs the path of a leak, down to its audit record', async () => {
    healthy(9);
    const key = expired();

    const result = await sweep();

    expect(result).toMatchObject({ status: 'enforced', queued: 1, left: 0, blocks: [] });
    const report_id = `sweep/${planId(result)}/${key.service_user_id}/${key.api_key_id}`;
    expect(queued()).toEqual([
      {
        version: 1,
        report_id,
        detector: 'sweep',
        invoked_by: 'console',
        reported_at: expect.any(Number),
        seen_at: expect.any(Number),
        act_before: expect.any(Number),
        due_while: { is_active: false },
        leak: { kind: 'key', ...withoutToken(key) },
        reason: `the key is expired and not revoked; plan ${planId(result)}`,
      },
    ]);

    expect(await work()).toEqual({ batchItemFailures: [] });
    expect(sandbox.devin.key(key.api_key_id)?.revoked_at).not.toBeNull();
    expect(outcomeRecords(sandbox)).toEqual([
      expect.objectContaining({
        status_code: 'revoked',
        metadata: expect.objectContaining({ correlation_uid: report_id }),
        actor: expect.objectContaining({ invoked_by: 'console' }),
      }),
    ]);
  });

  test('every rule finds its key', async () => {
    healthy(40);
    const old = { created_at: now() - 400 * DAY, expires_at: now() + 200 * DAY };
    const due = [
      expired(),
      addKey({ ...old, last_used_at: now() - 10 }),
      addKey({ ...old, created_at: now() - 100 * DAY, last_used_at: now() - 61 * DAY }),
    ];
    const gone = sandbox.devin.createServiceUser({ expires_at: now() - 5 });
    due.push(sandbox.devin.createKey(gone.service_user_id, { created_at: now() - DAY }));

    const result = await sweep({ SWEEP_MAX_AGE_DAYS: '365', SWEEP_MAX_IDLE_DAYS: '60' });

    expect(result).toMatchObject({
      status: 'enforced',
      totals: { rules: { expired: 1, max_age: 1, max_idle: 1, owner_expired: 1 } },
    });
    expect(queuedKeys().sort()).toEqual(due.map(({ api_key_id }) => api_key_id).sort());
  });

  test('an exempt key, an exempt owner, our own key and its siblings stay', async () => {
    healthy(20);
    const [byKey, byOwner, due] = [expired(), expired(), expired()];
    const own = sandbox.admin.service_user_id;
    const sibling = sandbox.devin.createKey(own, { created_at: 1, expires_at: now() - 1 });
    const standbyUser = sandbox.devin.createServiceUser();
    const standby = sandbox.devin.createKey(standbyUser.service_user_id, { created_at: now() - 500 * DAY });
    sandbox.secrets.put('standby', standby.token);
    const activityUser = sandbox.devin.createServiceUser();
    const activity = sandbox.devin.createKey(activityUser.service_user_id, { created_at: now() - 500 * DAY });
    sandbox.secrets.put('activity', activity.token);

    const result = await sweep({
      SWEEP_EXEMPT: `${byKey.api_key_id}, ${byOwner.service_user_id}`,
      SWEEP_MAX_AGE_DAYS: '365',
      STANDBY_TOKEN_SECRET_ID: 'standby',
      ACTIVITY_TOKEN_SECRET_ID: 'activity',
    });

    expect(result).toMatchObject({ totals: { revoke: 1, rules: { exempt: 2, own_key: 3 } } });
    expect(queuedKeys()).toEqual([due.api_key_id]);
    expect(sandbox.devin.key(sibling.api_key_id)?.revoked_at).toBeNull();
  });

  test('a key that was revoked or used since the plan was made is left alone', async () => {
    healthy(30);
    const stale = {
      created_at: now() - 100 * DAY,
      last_used_at: now() - 90 * DAY,
      expires_at: now() + 90 * DAY,
    };
    const [used, revoked, due] = [addKey(stale), addKey(stale), addKey(stale)];
    const plan = await sweep({ SWEEP_MODE: 'report', SWEEP_MAX_IDLE_DAYS: '60' });
    sandbox.devin.use(used.token);
    sandbox.devin.revoke(revoked.api_key_id);

    const result = await sweep({ SWEEP_MAX_IDLE_DAYS: '60' }, { release: planId(plan) });

    expect(result).toMatchObject({ status: 'released', queued: 1, left: 2 });
    expect(queuedKeys()).toEqual([due.api_key_id]);
  });

  test('the same schedule delivered twice makes one plan and the same reports', async () => {
    healthy(9);
    expired();
    const event = { scheduled_at: new Date().toISOString() };

    const first = await sweep({}, event);
    const second = await sweep({}, event);

    expect(second).toMatchObject({ status: 'enforced', plan_id: planId(first), queued: 0 });
    expect(queued()).toHaveLength(1);
  });
});

describe('the guard rails', () => {
  const nothingRevoked = (): void => {
    expect(queued()).toEqual([]);
    expect(metric('SweepBlocked')).toBe(1);
  };

  test('a plan over the cap revokes nothing, raises the alarm, and is released by its id', async () => {
    healthy(40);
    const due = [expired(), expired(), expired()];

    const blocked = await sweep({ SWEEP_MAX_REVOCATIONS: '2' });

    expect(blocked).toMatchObject({
      status: 'blocked',
      blocks: [{ guard: 'cap', reason: '3 revocations, over the cap of 2' }],
    });
    nothingRevoked();
    const later = expired();

    const released = await sweep(
      { SWEEP_MAX_REVOCATIONS: '2', SWEEP_EXEMPT: due[0]?.api_key_id },
      { release: planId(blocked), reason: 'looked at by hand' },
    );

    expect(released).toMatchObject({ status: 'released', queued: 2, left: 1 });
    expect(queuedKeys().sort()).toEqual([due[1]?.api_key_id, due[2]?.api_key_id].sort());
    expect(queuedKeys()).not.toContain(later.api_key_id);
  });

  test('a plan over 20 % of the active keys revokes nothing', async () => {
    healthy(3);
    expired();

    expect(await sweep()).toMatchObject({ status: 'blocked', blocks: [{ guard: 'ratio' }] });
    nothingRevoked();
  });

  test('a plan that revokes far more than the one before revokes nothing', async () => {
    healthy(60);
    expired();
    await sweep({ SWEEP_MODE: 'report' });
    for (let index = 0; index < 5; index++) expired();

    expect(await sweep()).toMatchObject({ status: 'blocked', blocks: [{ guard: 'surge' }] });
    nothingRevoked();
  });

  test('a plan by a clock in 2038 revokes nothing, and cannot be released', async () => {
    healthy(30);
    const set = Date.UTC(2038, 0, 19);
    vi.useFakeTimers({ now: set, toFake: ['Date'] });
    // The stand-in keeps the real time.
    sandbox.devin.clockSkewSeconds = Math.floor((realNow() - set) / 1_000);

    const result = await sweep();

    expect(result).toMatchObject({
      status: 'blocked',
      // Expired by our clock, and active by theirs.
      totals: { revoke: 0, rules: { contradiction: 30 } },
      blocks: [{ guard: 'clock' }],
    });
    await expect(sweep({}, { release: planId(result) })).rejects.toThrow('cannot be trusted');
    expect(queued()).toEqual([]);
  });

  test('an API that shows every key as expired, by its own clock too, gets none of them revoked', async () => {
    healthy(4);
    const set = Date.UTC(2038, 0, 19);
    vi.useFakeTimers({ now: set, toFake: ['Date'] });
    // Their clock and ours agree, so that only the numbers are wrong.
    sandbox.devin.clockSkewSeconds = Math.floor((set - realNow()) / 1_000);
    const result = await sweep();

    expect(result).toMatchObject({ status: 'blocked', totals: { revoke: 4 } });
    nothingRevoked();
  });

  test.each([
    [
      'a page of service users',
      { operation: 'listServiceUsers', status: 500, times: Number.POSITIVE_INFINITY },
    ],
    ['a page of keys', { operation: 'listServiceUserApiKeys', status: 403, times: 1 }],
    [
      'JSON',
      { operation: 'listServiceUserApiKeys', status: 200, body: '<html>', times: Number.POSITIVE_INFINITY },
    ],
  ])('a listing that breaks off without %s revokes nothing', async (_what, fault) => {
    healthy(9);
    expired();
    sandbox.devin.fault(fault);

    const result = await (await load({ SWEEP_QUEUE_URL: undefined }))({}, shortContext(15_000));

    expect(result).toMatchObject({ status: 'blocked', blocks: [{ guard: 'listing' }] });
    nothingRevoked();
  });

  test('a listing that ends early revokes nothing', async () => {
    healthy(9);
    expired();
    sandbox.devin.fault({
      operation: 'listServiceUsers',
      status: 200,
      headers: { date: new Date().toUTCString() },
      body: { items: [], end_cursor: null, has_next_page: false, total: 11 },
    });

    expect(await sweep()).toMatchObject({ status: 'blocked', blocks: [{ guard: 'listing' }] });
    nothingRevoked();
  });

  test('a plan without knowledge of our own key revokes nothing', async () => {
    healthy(9);
    expired();
    sandbox.devin.fault({ operation: 'getSelf', status: 403 });

    expect(await sweep()).toMatchObject({ status: 'blocked', blocks: [{ guard: 'own_key' }] });
    nothingRevoked();
  });

  test.each([
    ['SWEEP_MAX_AGE_DAYS', '90d'],
    ['SWEEP_MAX_AGE_DAYS', '0'],
    ['SWEEP_MAX_IDLE_DAYS', '-1'],
    ['SWEEP_MAX_RATIO', '20'],
    ['SWEEP_MAX_RATIO', 'NaN'],
    ['SWEEP_MAX_REVOCATIONS', 'Infinity'],
    ['SWEEP_MODE', 'Enforce'],
    ['SWEEP_WARN_DAYS', '14;7'],
    ['SWEEP_EXEMPT', `cog_${'a'.repeat(40)}`],
    ['SWEEP_PLAN_DAYS', '0'],
    ['OWNERS', '{"deploy-bot": "nobody"}'],
  ])('a policy whose %s is %s revokes nothing', async (name, value) => {
    expired();

    await expect(sweep({ [name]: value })).rejects.toThrow(name);
    nothingRevoked();
    expect(sandbox.devin.requests).toEqual([]);
  });
});

describe('the kill switch', () => {
  test('stops a sweep before its first page, until it is lifted', async () => {
    healthy(9);
    expired();

    expect(await sweep({}, { stop: 'something is odd' })).toEqual({ status: 'stop_set' });
    const stopped = await sweep();
    expect(stopped).toMatchObject({ status: 'stopped', reason: 'sweeps are stopped' });
    expect(sandbox.devin.requests.filter(({ operation }) => operation !== 'getSelf')).toEqual([]);

    expect(await sweep({}, { resume: 'all is well' })).toEqual({ status: 'stop_lifted' });
    expect(await sweep({}, { continue: planId(stopped) })).toMatchObject({ status: 'enforced', queued: 1 });
  });

  test('holds back what is on the queue already', async () => {
    healthy(9);
    const key = expired();
    await sweep();
    await sweep({}, { stop: 'wait' });

    expect(await work()).toEqual({ batchItemFailures: [] });

    expect(sandbox.devin.key(key.api_key_id)?.revoked_at).toBeNull();
    expect(outcomeRecords(sandbox)).toEqual([expect.objectContaining({ status_code: 'escalated' })]);
  });

  test('holds back too when it cannot be read, and the report stays on the queue', async () => {
    healthy(9);
    const key = expired();
    await sweep();
    sandbox.s3.fault({ operation: 'ListObjectsV2', status: 403, times: 1 });

    expect((await work()).batchItemFailures).toHaveLength(1);

    expect(sandbox.devin.key(key.api_key_id)?.revoked_at).toBeNull();
  });

  test('does not hold back a leak', async () => {
    await sweep({}, { stop: 'wait' });
    const leak = sandbox.leak();
    const revoke = await loadHandler('revoke', sandbox.env());

    const { service_user_id, api_key_id } = leak;
    expect(await revoke({ service_user_id, api_key_id })).toMatchObject({ status: 'revoked' });
  });
});

test.each(['admin', 'standby', 'activity'] as const)(
  'the worker revokes no key of the service user of our %s token for a sweep, whatever the queue says',
  async (name) => {
    const owner = name === 'admin' ? sandbox.admin : sandbox.leak();
    sandbox.secrets.put(name, owner.token);
    const { api_key_id, service_user_id } = sandbox.devin.createKey(owner.service_user_id);
    const leak = { kind: 'key', service_user_id, api_key_id };
    const report = { version: 1, report_id: 'sweep/plan/1', detector: 'sweep', invoked_by: 'schedule', leak };
    sandbox.sqs.sendBacklog(JSON.stringify({ ...report, reported_at: 1, seen_at: Date.now() }));

    await work(name === 'admin' ? {} : { [`${name.toUpperCase()}_TOKEN_SECRET_ID`]: name });

    expect(sandbox.devin.key(api_key_id)?.revoked_at).toBeNull();
    expect(outcomeRecords(sandbox)).toEqual([expect.objectContaining({ status_code: 'escalated' })]);
  },
);

describe('warnings', () => {
  test('come once for each key and threshold, and say what to do', async () => {
    vi.useFakeTimers({ now: Date.now(), toFake: ['Date'] });
    const due = now() + 10 * DAY;
    const key = addKey({ name: 'ci', expires_at: due }, 'build bot');
    await sweep({}, { dry_run: true });
    const aboutKey = () => warnings().filter(({ api_key_id }) => api_key_id === key.api_key_id);
    expect(aboutKey()).toEqual([
      expect.objectContaining({
        level: 'warn',
        rule: 'expires_soon',
        text: expect.stringMatching(
          new RegExp(
            `^API key "ci" \\(${key.api_key_id}\\) of service user "build bot" \\(${key.service_user_id}\\) expires on ${new Date(due * 1_000).toISOString().slice(0, 10)}, in 10 days\\. To rotate it: POST /v3beta1/`,
          ),
        ),
      }),
    ]);

    await sweep();
    expect(aboutKey()).toHaveLength(1);
    vi.setSystemTime((due - 2 * DAY) * 1_000);
    await sweep();
    await sweep();
    expect(aboutKey()).toHaveLength(2);
    // The admin's own key never expires: it is in each plan, and needs no object of its own.
    const [page] = sandbox.s3.objects('plans/').filter(({ key: path }) => path.includes('/pages/'));
    expect(JSON.parse(page?.body ?? '').no_expiry).toEqual({
      [sandbox.admin.service_user_id]: [sandbox.admin.api_key_id],
    });
    expect(warnings().filter(({ rule }) => rule === 'no_expiry')).toEqual([]);
    expect(sandbox.s3.objects('warnings/')).toHaveLength(2);
  });

  test('and the plan hold no token, even when a key is named by one', async () => {
    healthy(9);
    const key = expired();
    const named = addKey({ name: key.token, expires_at: now() + DAY }, `robot ${key.token}`);
    await sweep();
    await work();

    const everything = [
      output.text(),
      ...sandbox.sqs.backlogSent(),
      ...sandbox.s3.objects().map(({ body }) => body),
    ];
    for (const { token } of [key, named, sandbox.admin]) {
      expect(everything.filter((text) => text.includes(token.slice(4, 14)))).toEqual([]);
    }
  });
});

describe('contradictions', () => {
  test.each([
    ['a key that expired and is active', { expires_at: -1 }, {}],
    ['a key that expired in 1970 and is active', { expires_at: 0 }, {}],
    ['a key of yesterday that is active', { expires_at: 'yesterday' }, {}],
    ['a service user that expired in 1970, whose key is active', {}, { expires_at: 0 }],
    ['a key of before 1970', { created_at: 0 }, {}],
    ['a key that is revoked and active', { revoked_at: 1 }, {}],
  ])('revoke nothing, and are in the plan: %s', async (_what, key, user) => {
    healthy(30);
    const good = {
      api_key_id: 'key-good',
      api_key_name: 'ci',
      created_at: now() - 90 * DAY,
      is_active: true,
    };
    const odd = { ...good, expires_at: null, revoked_at: null, last_used_at: null, ...key };
    const expires_at = odd.expires_at === 'yesterday' ? now() - DAY : odd.expires_at;
    const { service_user_id } = sandbox.devin.createServiceUser({ name: 'odd', ...user });
    sandbox.devin.fault({
      path: new RegExp(`${service_user_id}/api-keys$`),
      status: 200,
      body: { items: [{ ...odd, expires_at }], end_cursor: null, has_next_page: false },
      times: Number.POSITIVE_INFINITY,
    });

    const result = await sweep({ SWEEP_MAX_AGE_DAYS: '60' });

    expect(result).toMatchObject({ status: 'enforced', totals: { revoke: 0, rules: { contradiction: 1 } } });
    expect(entriesOf(planId(result)).filter(({ rule }) => rule === 'contradiction')).toEqual([
      expect.objectContaining({ service_user_id, decision: 'keep', doubt: expect.any(String) }),
    ]);
    expect(queued()).toEqual([]);
  });
});

describe('an exemption', () => {
  test('is an id or an exact name, of a service user or of a key', async () => {
    healthy(30);
    const old = { created_at: now() - 90 * DAY, expires_at: now() - DAY };
    addKey({ ...old, name: 'nightly' }, 'production-bot');
    addKey({ ...old, name: 'weekly' });
    const due = addKey({ ...old, name: 'nightly 2' }, 'production-bot-2');

    const result = await sweep({ SWEEP_EXEMPT: 'production-bot,weekly' });

    expect(result).toMatchObject({ status: 'enforced', totals: { rules: { exempt: 2, expired: 1 } } });
    expect(queuedKeys()).toEqual([due.api_key_id]);
  });

  test('that matches nothing blocks the plan, which names it', async () => {
    healthy(30);
    expired();

    const result = await sweep({ SWEEP_EXEMPT: 'productoin-bot' });

    expect(result).toMatchObject({
      status: 'blocked',
      blocks: [{ guard: 'exempt', reason: expect.stringContaining('productoin-bot') }],
    });
    const summary = sandbox.s3.get(`plans/${planId(result)}/summary.json`);
    expect(JSON.parse(summary?.body ?? '')).toMatchObject({ exempt_unused: ['productoin-bot'] });
    expect(queued()).toEqual([]);
  });

  test('that matches nothing does not block a plan in report mode', async () => {
    healthy(30);
    expired();

    expect(await sweep({ SWEEP_MODE: 'report', SWEEP_EXEMPT: 'gone' })).toMatchObject({ status: 'report' });
  });
});

describe('a release', () => {
  test('checks each key against the service user and the rules of today', async () => {
    healthy(30);
    const user = sandbox.devin.createServiceUser({ expires_at: now() - DAY });
    sandbox.devin.createKey(user.service_user_id, { created_at: now() - 9 * DAY });
    addKey({ created_at: now() - 400 * DAY, expires_at: now() + 90 * DAY });
    const due = expired();
    const plan = await sweep({ SWEEP_MODE: 'report', SWEEP_MAX_AGE_DAYS: '365' });
    expect(plan).toMatchObject({ totals: { revoke: 3 } });

    sandbox.devin.renewServiceUser(user.service_user_id);
    const result = await sweep({}, { release: planId(plan) });

    expect(result).toMatchObject({ status: 'released', queued: 1, left: 2 });
    expect(queuedKeys()).toEqual([due.api_key_id]);
  });

  test('leaves a key whose service user is not listed any more', async () => {
    healthy(30);
    const key = expired();
    const plan = await sweep({ SWEEP_MODE: 'report' });
    sandbox.devin.fault({
      operation: 'listServiceUsers',
      status: 200,
      body: { items: [], end_cursor: null, has_next_page: false },
      times: Number.POSITIVE_INFINITY,
    });

    expect(await sweep({}, { release: planId(plan) })).toMatchObject({ queued: 0, left: 1 });
    const acted = sandbox.s3.get(`plans/${planId(plan)}/acted/000001.json`);
    expect(JSON.parse(acted?.body ?? '').left).toEqual([
      { ...withoutToken(key), reason: 'its service user is not listed any more' },
    ]);
  });

  test('of a plan that is over a week old is refused', async () => {
    vi.useFakeTimers({ now: Date.now(), toFake: ['Date'] });
    healthy(30);
    expired();
    const plan = await sweep({ SWEEP_MODE: 'report' });
    vi.setSystemTime(Date.now() + 8 * DAY * 1_000);

    await expect(sweep({}, { release: planId(plan) })).rejects.toThrow('the plan is 8 days old, over the 7');
    expect(queued()).toEqual([]);
    expect(await sweep({ SWEEP_PLAN_DAYS: '30' }, { release: planId(plan) })).toMatchObject({ queued: 1 });
  });

  test('that waited on the queue for over a day revokes nothing', async () => {
    vi.useFakeTimers({ now: Date.now(), toFake: ['Date'] });
    healthy(30);
    const key = expired();
    await sweep();
    vi.setSystemTime(Date.now() + 25 * 3_600_000);

    await work();

    expect(sandbox.devin.key(key.api_key_id)?.revoked_at).toBeNull();
    expect(outcomeRecords(sandbox)).toEqual([expect.objectContaining({ status_code: 'escalated' })]);
  });
});

test('a plan that takes over an hour is recorded as of its decision, and by whom it was started', async () => {
  vi.useFakeTimers({ now: Date.now(), toFake: ['Date'] });
  healthy(9);
  sandbox.devin.onRequest = ({ operation }) => {
    if (operation === 'listServiceUsers') vi.setSystemTime(Date.now() + 2 * 3_600_000);
  };
  const twoDays = lambdaContext({ getRemainingTimeInMillis: () => 172_800_000 });
  await (await load())({}, twoDays);

  const record = sandbox.s3.objects('records/').find(({ key }) => key.endsWith('/20-plan.json'));
  expect(JSON.parse(record?.body ?? '')).toMatchObject({
    time: expect.closeTo(Date.now(), -5),
    actor: { invoked_by: 'console' },
    unmapped: { kind: 'plan' },
  });
});

describe('a listing', () => {
  test('whose cursors come again ends as a broken one', async () => {
    healthy(1);
    const own = sandbox.admin.service_user_id;
    for (let page = 0; page < 40; page++) {
      const items = [{ service_user_id: own, name: 'robot' }];
      const body = { items, end_cursor: `cursor-${page % 7}`, has_next_page: true };
      const headers = { date: new Date().toUTCString() };
      sandbox.devin.fault({ operation: 'listServiceUsers', status: 200, headers, body });
    }

    const result = await sweep();

    expect(result).toMatchObject({
      status: 'blocked',
      blocks: [{ guard: 'listing', reason: expect.stringContaining('repeats the same pages') }],
    });
    const listed = sandbox.devin.requests.filter(({ operation }) => operation === 'listServiceUsers');
    expect(listed.length).toBeLessThan(30);
  });

  test('in which no keys are found is not a clean plan of no keys', async () => {
    healthy(9);
    sandbox.devin.fault({
      operation: 'listServiceUserApiKeys',
      status: 404,
      times: Number.POSITIVE_INFINITY,
    });

    expect(await sweep()).toMatchObject({ status: 'blocked', blocks: [{ guard: 'listing' }] });
    expect(metric('SweepBlocked')).toBe(1);
  });
});

describe('a chain of invocations', () => {
  test('continues through its queue, page by page, and evaluates each key once while users are added and deleted', async () => {
    pagesTakeLong();
    healthy(40);
    const due = [expired(), expired()];
    const gone = sandbox.devin.createServiceUser();
    sandbox.devin.createKey(gone.service_user_id, { expires_at: now() + 90 * DAY });
    let pages = 0;
    sandbox.devin.onRequest = ({ operation }) => {
      if (operation !== 'listServiceUsers') return;
      pages += 1;
      takeLong();
      if (pages === 2) healthy(3);
      if (pages === 3) sandbox.devin.removeServiceUser(gone.service_user_id);
    };
    const handler = await load();
    const first = await handler({}, shortContext(60_000));
    expect(first).toMatchObject({ status: 'unfinished', next: { phase: 'plan', page: 2 } });

    const results = await drain(handler);

    expect(results.at(-1)).toMatchObject({
      status: 'enforced',
      totals: { users: 47, keys: 46, revoke: 2, rules: { valid: 43, expired: 2, no_expiry: 1 } },
    });
    expect(queuedKeys().sort()).toEqual(due.map(({ api_key_id }) => api_key_id).sort());
    const listed = sandbox.devin.requests.filter(({ operation }) => operation === 'listServiceUsers');
    // The page of the keys that are due is read once more, for what their service users are today.
    expect(new Set(listed.map(({ query }) => query)).size).toBe(listed.length - 1);
  });

  test('makes no page twice when a message comes twice', async () => {
    pagesTakeLong();
    healthy(9);
    expired();
    const handler = await load();
    const first = await handler({}, shortContext(60_000));
    if (first.status !== 'unfinished') throw new Error(first.status);
    sandbox.devin.onRequest = undefined;
    const message = { Records: [{ body: JSON.stringify(first.next) }] };

    const results = await Promise.all([handler(message), handler(message)]);

    expect(results.map(({ status }) => status)).toEqual(['enforced', 'enforced']);
    expect(new Set(queued().map(({ report_id }) => report_id)).size).toBe(1);
    const pages = sandbox.s3.objects('plans/').filter(({ key }) => key.includes('/pages/'));
    // That of the first invocation, and one of all the rest.
    expect(pages).toHaveLength(2);
  });

  test('tries a page again in a later invocation when the API is overloaded', async () => {
    healthy(9);
    expired();
    sandbox.devin.fault({
      operation: 'listServiceUsers',
      status: 429,
      headers: { 'retry-after': '30' },
      times: 1,
    });

    const result = await (await load())({}, shortContext(5_000));

    expect(result).toMatchObject({ status: 'unfinished', next: { page: 1, attempt: 2 } });
    expect(sandbox.sqs.sweepsWaiting()).toHaveLength(1);
  });

  const takeLong = (): void => {
    vi.setSystemTime(Date.now() + 30_000);
  };
  /** 30 s each by the clock, so that an invocation of a minute makes one. */
  function pagesTakeLong(): void {
    vi.useFakeTimers({ now: Date.now(), toFake: ['Date'] });
    sandbox.devin.pageSize = 5;
    sandbox.devin.onRequest = ({ operation }) => {
      if (operation === 'listServiceUsers') takeLong();
    };
  }

  async function drain(handler: Handler<'sweep-keys'>): Promise<SweepResult[]> {
    const results: SweepResult[] = [];
    await new Promise<void>((resolve, reject) => {
      sandbox.sqs.pollSweeps(async (event) => {
        const result = await handler(event, shortContext(60_000)).catch(reject);
        if (result) results.push(result);
        if (result?.status !== 'unfinished') resolve();
      });
    });
    return results;
  }
});

test.each([
  ['a misspelt order', { relase: '20261123T030000Z-00000000' }],
  ['a plan id that is none', { release: '../start' }],
  ['two orders', { stop: 'x', resume: 'y' }],
  ['a message that is no continuation', { Records: [{ body: '{"plan_id": 1}' }] }],
])('%s is an error before anything is touched', async (_what, event) => {
  await expect(sweep({}, event)).rejects.toThrow('bad event');
  expect(sandbox.s3.requests).toEqual([]);
});

test('a plan that does not exist cannot be released', async () => {
  await expect(sweep({}, { release: '20261123T030000Z-00000000' })).rejects.toThrow('there is no such plan');
});

function planId(result: SweepResult): string {
  if (!('plan_id' in result)) throw new Error(result.status);
  return result.plan_id;
}

function entriesOf(plan: string): { rule: string; decision: string }[] {
  const pages = sandbox.s3.objects(`plans/${plan}/pages/`);
  return pages.flatMap(({ body }) => JSON.parse(body).entries);
}

function withoutToken({ api_key_id, service_user_id }: { api_key_id: string; service_user_id: string }) {
  return { service_user_id, api_key_id };
}

function shortContext(ms: number) {
  return lambdaContext({ getRemainingTimeInMillis: () => ms });
}

/** Also while the clock is faked. */
function realNow(): number {
  return performance.timeOrigin + performance.now();
}
