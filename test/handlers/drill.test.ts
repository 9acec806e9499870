import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { startFunctionUrl } from '../../sandbox/function-url.ts';
import { type SandboxServer, startServer } from '../../sandbox/http-server.ts';
import { type Sandbox, startSandbox } from '../../sandbox/index.ts';
import { deletedKeys, outcomeRecords } from '../../sandbox/observe.ts';
import { sqsEvent, sqsRecord } from '../../sandbox/sqs-event.ts';
import { captureOutput, lambdaContext, loadHandler, type Output } from '../support/load-handler.ts';

let sandbox: Sandbox;
let output: Output;
let url: SandboxServer;
let topic: SandboxServer;
let notices: URLSearchParams[];
let stopWorker: () => Promise<void>;

const TOPIC = 'arn:aws:sns:us-east-1:123456789012:alarms';

beforeEach(async () => {
  sandbox = await startSandbox();
  output = captureOutput();
  notices = [];
  topic = await startServer({
    handle: ({ body }) => {
      const notice = new URLSearchParams(body.toString());
      // The worker has messages of its own.
      if (notice.get('Subject')?.startsWith('Drill')) notices.push(notice);
      return { status: 200, body: '<PublishResponse/>', headers: { 'content-type': 'text/xml' } };
    },
  });
  stopWorker = async () => {};
});
afterEach(async () => {
  output.restore();
  vi.unstubAllEnvs();
  await stopWorker();
  await Promise.all([url?.stop(), topic.stop(), sandbox.stop()]);
});

interface Setup {
  readonly env?: Record<string, string | undefined>;
  /** Whether the worker reads the queue. */
  readonly works?: boolean;
}

/** The whole system, and the function of drills beside it. */
async function system({ env = {}, works = true }: Setup = {}) {
  const all = sandbox.env({
    NOTIFY_TOPIC_ARN: TOPIC,
    AWS_ENDPOINT_URL_SNS: topic.url,
    PROOF_WINDOW_SECONDS: '2',
    ...env,
  });
  const webhook = await loadHandler('webhook', all);
  url = await startFunctionUrl((event) => webhook(event));
  if (works) {
    const revoke = await loadHandler('revoke', all);
    const poller = sandbox.sqs.poll((event) => revoke(event), { visibilityTimeoutSeconds: 1 });
    stopWorker = poller.stop;
  }
  return loadHandler('drill', { LEAKS_URL: `${url.url}/`, ...all });
}

const user = () => sandbox.devin.createServiceUser({ name: 'drills' }).service_user_id;
const context = (seconds: number) => {
  const end = Date.now() + seconds * 1_000;
  return lambdaContext({ getRemainingTimeInMillis: () => end - Date.now() });
};
const keysOf = (service_user_id: string) =>
  sandbox.devin.keys().filter((key) => key.service_user_id === service_user_id);

/** No token of the sandbox's Devin is in what the functions wrote. */
function expectNoToken(result: unknown): void {
  const left = [output.text(), JSON.stringify(result), JSON.stringify(sandbox.s3.objects()), String(notices)];
  left.push(JSON.stringify(sandbox.sqs.sent()));
  expect(left.join('\n')).not.toMatch(/cog_[a-z2-7]{8}/);
}

describe('a drill', () => {
  test('makes a key, leaks it to ourselves, and answers with the time of each step and the proof', async () => {
    const drill = await system();
    const service_user_id = user();
    const bystander = sandbox.leak().leaked;

    const result = await drill({ drill: { service_user_id } }, context(60));

    const [key] = keysOf(service_user_id);
    expect(key).toMatchObject({
      api_key_name: `drill-${result.drill_id}`,
      expires_at: expect.closeTo(Date.now() / 1_000 + 3_600, -2),
      is_active: false,
    });
    expect(result).toEqual({
      status: 'passed',
      problems: [],
      drill_id: expect.stringMatching(/^\d{8}T\d{6}Z-[0-9a-f]{8}$/),
      service_user_id,
      api_key_id: key?.api_key_id,
      report_id: expect.stringMatching(/^webhook\/msg_/),
      limit_seconds: 60,
      seconds: expect.any(Number),
      steps: expect.any(Array),
      outcome: expect.objectContaining({ status: 'revoked', api_key_id: key?.api_key_id }),
      proof: expect.objectContaining({ method: 'token' }),
    });
    expect(result.steps.map(({ step }) => step)).toEqual([
      'leak sent',
      'leak accepted',
      'intent recorded',
      'DELETE sent',
      'proven dead',
      'outcome recorded',
      'seen dead by the drill',
    ]);
    expect(result.seconds).toBeLessThan(30);
    expect(deletedKeys(sandbox)).toEqual([key?.api_key_id]);
    expect(sandbox.devin.isLive(bystander.token)).toBe(true);
    expect(outcomeRecords(sandbox)[0]?.unmapped.report).toMatchObject({
      caller: 'devin-key-revoker/drill',
      reason: `drill ${result.drill_id}, no leak`,
    });
    expect(notices).toEqual([]);
    expect(output.counted()).toContain('DrillSeconds');
    expect(output.counted()).not.toContain('DrillFailed');
    expectNoToken(result);
  });

  test('by the schedule uses the service user of the settings', async () => {
    const service_user_id = user();
    const drill = await system({ env: { DRILL_SERVICE_USER_ID: service_user_id } });
    expect(await drill({ scheduled_at: '2026-11-23T09:00:00Z' }, context(60))).toMatchObject({
      status: 'passed',
      service_user_id,
    });
  });

  test('that nobody works on fails, with an alarm and a notice, and its key dies by itself', async () => {
    const drill = await system({ works: false });
    const service_user_id = user();
    const result = await drill({ drill: { service_user_id } }, context(30));

    expect(result).toMatchObject({
      status: 'failed',
      problems: [
        'the report has no outcome on record',
        expect.stringContaining('the token is not proven dead'),
      ],
    });
    expect(output.counted()).toContain('DrillFailed');
    expect(notices.map((notice) => notice.get('Subject'))).toEqual([
      'Drill failed: a leaked Devin key may not be revoked in time',
    ]);
    expect(notices[0]?.get('Message')).toContain('- the report has no outcome on record');
    expect(deletedKeys(sandbox)).toEqual([]);
    expectNoToken(result);
  });

  test('that takes longer than the limit is late, with an alarm and a notice', async () => {
    const drill = await system({ env: { DRILL_LIMIT_SECONDS: '1' } });
    sandbox.devin.revocationLagMs = 1_500;
    const result = await drill({ drill: { service_user_id: user() } }, context(60));
    expect(result).toMatchObject({
      status: 'late',
      problems: [expect.stringContaining('over the limit of 1 s')],
    });
    expect(output.counted()).toContain('DrillFailed');
    expect(notices.map((notice) => notice.get('Subject'))).toEqual([
      'Drill late: a leaked Devin key may not be revoked in time',
    ]);
  });

  test('can be repeated at once', async () => {
    const drill = await system();
    const service_user_id = user();
    expect(await drill({ drill: { service_user_id } }, context(60))).toMatchObject({ status: 'passed' });
    expect(await drill({ drill: { service_user_id } }, context(100))).toMatchObject({ status: 'passed' });
  });
});

test('a drill key that survived is dead within the hour, and revoked by the next sweep', async () => {
  const service_user_id = user();
  const hourAgo = Math.floor(Date.now() / 1_000) - 3_601;
  const { api_key_id } = sandbox.devin.createKey(service_user_id, {
    name: 'drill-20261123T090000Z-0a1b2c3d',
    created_at: hourAgo,
    expires_at: hourAgo + 3_600,
  });
  expect(sandbox.devin.key(api_key_id)).toMatchObject({ is_active: false, revoked_at: null });

  const sweep = await loadHandler('sweep-keys', sandbox.env({ SWEEP_MODE: 'enforce', SWEEP_MAX_RATIO: '1' }));
  expect(await sweep({ scheduled_at: '2026-11-24T03:00:00Z' })).toMatchObject({
    status: 'enforced',
    queued: 1,
  });
  const revoke = await loadHandler('revoke', sandbox.env());
  await revoke(sqsEvent(...sandbox.sqs.backlogSent().map((body) => sqsRecord(body))));

  expect(deletedKeys(sandbox)).toEqual([api_key_id]);
  expect(sandbox.devin.key(api_key_id)?.revoked_at).not.toBeNull();
});

describe('a drill touches nothing else', () => {
  test('with a service user that has an active key, it makes none', async () => {
    const drill = await system({ works: false });
    const { api_key_id, service_user_id } = sandbox.leak();
    const result = await drill({ drill: { service_user_id } }, context(60));
    expect(result).toMatchObject({
      status: 'failed',
      problems: [expect.stringContaining(`the service user has active keys (${api_key_id})`)],
    });
    expect(keysOf(service_user_id)).toHaveLength(1);
  });

  test('with a service user of this software, it makes none', async () => {
    const drill = await system({ works: false });
    const { service_user_id } = sandbox.admin;
    expect(await drill({ drill: { service_user_id } }, context(60))).toMatchObject({
      problems: ['the service user is one of this software: its keys are not for drills'],
    });
    expect(keysOf(service_user_id)).toHaveLength(1);
  });

  test('in a dry run, it makes none', async () => {
    const drill = await system({ works: false, env: { DRY_RUN: 'true' } });
    const service_user_id = user();
    expect(await drill({ drill: { service_user_id } }, context(60))).toMatchObject({ status: 'skipped' });
    expect(sandbox.devin.requests).toEqual([]);
  });

  test.each<[string, unknown]>([
    ['no drill', {}],
    ['a service user of another form', { drill: { service_user_id: 'bot' } }],
    ['another field', { drill: { service_user_id: 'service-user-1', dry_run: true } }],
    ['a schedule without a service user', { scheduled_at: '2026-11-23T09:00:00Z' }],
  ])('an event with %s is an error', async (_title, event) => {
    const drill = await system({ works: false });
    await expect(drill(event, context(60))).rejects.toMatchObject({ name: 'BadEventError' });
    expect(sandbox.devin.requests).toEqual([]);
    expect(output.counted()).not.toContain('DrillFailed');
  });
});

describe('a drill that breaks off', () => {
  test.each<[string, () => void, string]>([
    [
      'Devin makes no key',
      () => sandbox.devin.fault({ method: 'POST', status: 503 }),
      'no key was made: Devin answered POST with HTTP 503; its key expires within the hour',
    ],
    [
      'the answer to the key is lost',
      () => sandbox.devin.fault({ method: 'POST', reset: 'after' }),
      'its key expires within the hour',
    ],
    [
      'the admin may make no keys',
      () => sandbox.devin.fault({ method: 'POST', status: 403 }),
      'no key was made: Devin answered POST with HTTP 403',
    ],
    [
      'its keys cannot be listed',
      () =>
        sandbox.devin.fault({
          operation: 'listServiceUserApiKeys',
          status: 403,
          times: Number.POSITIVE_INFINITY,
        }),
      'cannot be listed',
    ],
  ])('because %s, fails', async (_title, fault, problem) => {
    const drill = await system({ works: false });
    const service_user_id = user();
    fault();
    const result = await drill({ drill: { service_user_id } }, context(40));
    expect(result).toMatchObject({ status: 'failed', problems: [expect.stringContaining(problem)] });
    expect(output.counted()).toContain('DrillFailed');
    expect(notices).toHaveLength(1);
    expect(keysOf(service_user_id).length).toBeLessThanOrEqual(1);
    expectNoToken(result);
  });

  test('because the endpoint refuses the leak, says that its key expires', async () => {
    const drill = await system({ works: false, env: { SEALING_KEY_ID: undefined } });
    const result = await drill({ drill: { service_user_id: user() } }, context(40));
    expect(result).toMatchObject({
      status: 'failed',
      problems: [
        expect.stringMatching(
          /^the leak was not taken: .*SEALING_KEY_ID is not set.*; its key expires within the hour$/,
        ),
      ],
    });
    expectNoToken(result);
  });

  test('because the secret has nothing to sign with, counts and notifies', async () => {
    const drill = await system({ works: false });
    sandbox.secrets.put(sandbox.secretIds.webhook, 'only the secret of GitHub');
    await expect(drill({ drill: { service_user_id: user() } }, context(40))).rejects.toMatchObject({
      name: 'ConfigError',
    });
    expect(output.counted()).toContain('DrillFailed');
    expect(notices).toHaveLength(1);
  });
});
