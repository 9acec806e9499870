import type { LambdaFunctionURLEvent, SQSEvent } from 'aws-lambda';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { LeakReport } from '../lib/domain/report.ts';
import { sign } from '../lib/intake/signature.ts';
import { startFunctionUrl } from '../sandbox/function-url.ts';
import { alertPayload } from '../sandbox/github-shapes.ts';
import { type Sandbox, startSandbox } from '../sandbox/index.ts';
import { outcomeRecords } from '../sandbox/observe.ts';
import { captureOutput, lambdaContext, loadHandler, type Output } from './support/load-handler.ts';
import { eventFiles, filledEvent, sampleEvent } from './support/sample-events.ts';

const used = new Set<string>();

/** A fresh copy of an event. */
function event<T = unknown>(name: string): T {
  used.add(`${name}.json`);
  return sampleEvent(name);
}

const deployBot = { service_user_id: 'service-user-deploy-bot', api_key_id: 'key-deploy-bot-1' };
const ciBot = { service_user_id: 'service-user-ci-bot', api_key_id: 'key-ci-bot-1' };
const alert = { owner: 'acme', repo: 'webshop', number: 1 };
const created = '2026-11-23T08:42:20Z';

let sandbox: Sandbox;
let output: Output;
/** The key whose token is in the alert. */
let token: string;

beforeEach(async () => {
  sandbox = await startSandbox();
  for (const { service_user_id, api_key_id } of [deployBot, ciBot]) {
    sandbox.devin.createServiceUser({ service_user_id });
    sandbox.devin.createKey(service_user_id, { api_key_id });
  }
  // Before the leak: a key that is younger than the alert cannot be the leaked one.
  const created_at = Date.parse(created) / 1_000 - 86_400;
  const key = sandbox.devin.createKey(sandbox.devin.createServiceUser().service_user_id, { created_at });
  token = key.token;
  sandbox.github.createAlert({ ...alert, secret: token, created_at: created });
  output = captureOutput();
});

afterEach(async () => {
  output.restore();
  await sandbox.stop();
});

const active = ({ api_key_id }: { api_key_id: string }) => sandbox.devin.key(api_key_id)?.is_active;
const alertNow = () => sandbox.github.alert('acme', 'webshop', 1);

describe('the event of the webhook', () => {
  test("GitHub's delivery is answered 202 and puts the alert on the queue", async () => {
    const delivery = event<LambdaFunctionURLEvent>('webhook-github-delivery');
    delivery.headers['x-hub-signature-256'] = sign(Buffer.from(delivery.body ?? ''), sandbox.webhookSecret);

    const answer = await (await loadHandler('webhook', sandbox.env()))(delivery);

    const report_id = 'github/acme/webshop/1/created/20261123T084220000Z';
    expect(answer).toMatchObject({ statusCode: 202, body: JSON.stringify({ report_id }) });
    const [report] = sandbox.sqs.sent().map((body) => LeakReport.parse(JSON.parse(body)));
    expect(report).toMatchObject({ report_id, leak: { kind: 'github_alert', ...alert } });
  });

  test("GitHub's delivery is refused with the signature that stands in the file", async () => {
    const handler = await loadHandler('webhook', sandbox.env());
    expect(await handler(event('webhook-github-delivery'))).toMatchObject({ statusCode: 401 });
    expect(sandbox.sqs.requests).toEqual([]);
  });

  test("GitHub's delivery has the shape of its published schema", () => {
    const { body } = event<LambdaFunctionURLEvent>('webhook-github-delivery');
    const stored = {
      ...alert,
      sequence: 1,
      secret: '',
      secret_type: 'devin_api_key',
      is_base64_encoded: false,
      validity: 'unknown',
      publicly_leaked: false,
      state: 'open',
      resolution: null,
      resolution_comment: null,
      resolved_at: null,
      created_at: created,
      updated_at: created,
    } as const;
    expect(JSON.parse(body ?? '')).toEqual(alertPayload(stored, 'created', 12_345_678));
  });
});

describe('the events of other detectors', () => {
  const send = async (name: string) => {
    used.add(`${name}.json`);
    return (await loadHandler('webhook', sandbox.env()))(await filledEvent(name, token, sandbox));
  };

  test("a detector's delivery by Standard Webhooks puts both leaks on the queue", async () => {
    expect(await send('webhook-standard-leaks')).toMatchObject({ statusCode: 202 });
    const messages = sandbox.sqs.sent().map((body) => JSON.parse(body));
    expect(messages.map(({ leak }) => leak.kind).sort()).toEqual(['key', 'token']);
  });

  test('GitLab is told which types of tokens can be revoked', async () => {
    expect(await send('webhook-gitlab-token-types')).toMatchObject({
      statusCode: 200,
      body: '{"types":["gitleaks_rule_id_devin-api-key"]}',
    });
  });

  test("GitLab's tokens are put on the queue", async () => {
    expect(await send('webhook-gitlab-revoke-tokens')).toEqual({ statusCode: 204 });
    expect(sandbox.sqs.sent()).toHaveLength(1);
  });

  test.each(['webhook-standard-leaks', 'webhook-gitlab-token-types', 'webhook-gitlab-revoke-tokens'])(
    '%s is refused with what stands in the file',
    async (name) => {
      const handler = await loadHandler('webhook', sandbox.env());
      expect(await handler(event(name))).toMatchObject({ statusCode: 401 });
      expect(sandbox.sqs.requests).toEqual([]);
    },
  );
});

describe('the event of the worker', () => {
  const revoke = async (given: unknown) => (await loadHandler('revoke', sandbox.env()))(given);

  test('two messages of SQS kill both keys and close the alert', async () => {
    expect(await revoke(event('revoke-sqs'))).toEqual({ batchItemFailures: [] });
    expect([sandbox.devin.isLive(token), active(ciBot), active(deployBot)]).toEqual([false, false, true]);
    expect(alertNow()).toMatchObject({ state: 'resolved', resolution: 'revoked' });
  });

  test('the messages of SQS are leak reports, and hold nothing else', () => {
    for (const { body } of event<SQSEvent>('revoke-sqs').Records) {
      const message = JSON.parse(body);
      expect(LeakReport.parse(message)).toEqual(message);
    }
  });

  test('an EventBridge event kills the key', async () => {
    expect(await revoke(event('revoke-eventbridge'))).toMatchObject({
      ...deployBot,
      status: 'revoked',
      report_id: 'eventbridge/6a7e8feb-b491-4cf7-a9f1-bf3703467718',
      recorded: true,
    });
    expect(active(deployBot)).toBe(false);
  });

  test('an EventBridge event with a sealed token kills its key, and holds no token', async () => {
    const given = await filledEvent('revoke-eventbridge-sealed', token, sandbox);
    used.add('revoke-eventbridge-sealed.json');
    expect(JSON.stringify(given)).not.toContain(token);
    expect(await revoke(given)).toMatchObject({ status: 'revoked', report_id: 'eventbridge/scan-4711' });
    expect(sandbox.devin.isLive(token)).toBe(false);
    expect(JSON.stringify(sandbox.s3.objects())).not.toContain('token_in_clear');
  });

  test('an EventBridge event with a token in clear kills its key, with a warning in the log and on record', async () => {
    const given = { ...event<object>('revoke-eventbridge'), detail: { token } };
    const report_id = 'eventbridge/6a7e8feb-b491-4cf7-a9f1-bf3703467718';
    expect(await revoke(given)).toMatchObject({ status: 'revoked', report_id });
    expect(output.entries()).toContainEqual(
      expect.objectContaining({
        level: 'warn',
        message: 'the token came in clear: seal it, or send ids',
        report_id,
      }),
    );
    for (const { unmapped } of outcomeRecords(sandbox)) {
      expect(unmapped.report).toMatchObject({ token_in_clear: true });
    }
    expect(outcomeRecords(sandbox)).toHaveLength(1);
  });

  test('messages of an SNS topic, wrapped and raw, kill both keys', async () => {
    expect(await revoke(event('revoke-sns'))).toEqual({ batchItemFailures: [] });
    expect([active(ciBot), active(deployBot)]).toEqual([false, false]);
  });

  test('ids from the console kill the key', async () => {
    expect(await revoke(event('revoke-console-by-ids'))).toMatchObject({ ...deployBot, status: 'revoked' });
    expect([active(deployBot), active(ciBot)]).toEqual([false, true]);
  });

  test('a token from the console kills its key', async () => {
    const request = { ...event<{ token: string }>('revoke-console-by-token'), token };
    expect(await revoke(request)).toMatchObject({ status: 'revoked', evidence: 'token_rejected' });
    expect([sandbox.devin.isLive(token), active(deployBot)]).toEqual([false, true]);
  });

  test('an alert from the console kills its key and is closed', async () => {
    expect(await revoke(event('revoke-console-by-alert'))).toMatchObject({
      status: 'revoked',
      alert: { closed: true },
    });
    expect(sandbox.devin.isLive(token)).toBe(false);
    expect(alertNow()).toMatchObject({ state: 'resolved', resolution: 'revoked' });
  });

  test('what followed a leak is shown to the console, and nothing is changed', async () => {
    const session = sandbox.devin.startSession({ service_user_id: deployBot.service_user_id });
    expect(await revoke(event('revoke-console-aftermath'))).toMatchObject({
      status: 'recorded',
      aftermath: { sessions: { total: 1, running: 1, listed: [{ session_id: session.session_id }] } },
    });
    expect(active(deployBot)).toBe(true);
  });

  test('bad input from the console is refused by every wrong field, before anything is touched', async () => {
    await expect(revoke(event('revoke-console-bad-input'))).rejects.toMatchObject({
      name: 'BadEventError',
      message:
        'bad event: service_user_id must be "service-user-" and letters, digits, "-" or "_", 128 at most; api_key_id must be letters, digits, ".", "_", "~" or "-", 256 at most; dryRun is not a known field',
    });
    const { devin, github, s3, secrets, sqs } = sandbox;
    for (const service of [devin, github, s3, secrets, sqs]) expect(service.requests).toEqual([]);
  });
});

describe('the event of the sweep of the keys', () => {
  const sweep = async (given: unknown, env = {}) =>
    (await loadHandler('sweep-keys', sandbox.env({ SWEEP_MODE: 'enforce', SWEEP_MAX_RATIO: '1', ...env })))(
      given,
    );
  const planId = (result: object): string => ('plan_id' in result ? String(result.plan_id) : '');
  const expire = () => {
    const { service_user_id } = sandbox.devin.createServiceUser();
    sandbox.devin.createKey(service_user_id, { created_at: 1, expires_at: 2 });
  };

  test('its schedule queues the revocation of an expired key', async () => {
    expire();
    expect(await sweep(event('sweep-keys-schedule'))).toMatchObject({ status: 'enforced', queued: 1 });
    expect(sandbox.sqs.backlogSent()).toHaveLength(1);
  });

  test('a report from the console queues nothing, and its plan is released by its id', async () => {
    expire();
    const planned = await sweep(event('sweep-keys-console-report'));
    expect(planned).toMatchObject({ status: 'report', totals: { revoke: 1 } });
    expect(sandbox.sqs.backlogSent()).toEqual([]);

    const release = { ...event<object>('sweep-keys-console-release'), release: planId(planned) };
    expect(await sweep(release)).toMatchObject({ status: 'released', queued: 1 });
  });

  test('a stop from the console holds a sweep, until it is lifted and the sweep is continued', async () => {
    expire();
    expect(await sweep(event('sweep-keys-console-stop'))).toEqual({ status: 'stop_set' });
    const stopped = await sweep({});
    expect(stopped).toMatchObject({ status: 'stopped' });
    expect(await sweep(event('sweep-keys-console-resume'))).toEqual({ status: 'stop_lifted' });

    const go = { ...event<object>('sweep-keys-console-continue'), continue: planId(stopped) };
    expect(await sweep(go)).toMatchObject({ status: 'enforced', queued: 1 });
  });

  test('a message of its own queue goes on with a plan, and is an error when there is no such plan', async () => {
    await expect(sweep(event('sweep-keys-sqs'))).rejects.toThrow('there is no such plan');
  });
});

test('the schedule of the sweep of alerts queues an alert that was missed', async () => {
  const sweep = await loadHandler('sweep-alerts', sandbox.env());
  sandbox.github.createAlert({ secret: token, repo: 'old', created_at: '2020-01-01T00:00:00Z' });
  expect(await sweep(event('sweep-alerts-schedule'))).toMatchObject({ failed: [] });
  expect(sandbox.sqs.backlogSent().join()).toContain('github/acme/old/1/created/20200101T000000000Z');
});

test('the schedule of the enrolment enrols our own token', async () => {
  const enroll = await loadHandler('enroll', sandbox.env());
  expect(await enroll(event('enroll-schedule'))).toMatchObject({ tokens: { enrolled: 1, failed: 0 } });
  expect(sandbox.s3.objects('registry/')).toHaveLength(1);
});

describe('the events of the drill', () => {
  test('make a key, whose leak the webhook takes', async () => {
    const { service_user_id } = sandbox.devin.createServiceUser({ service_user_id: 'service-user-drills' });
    const webhook = await loadHandler('webhook', sandbox.env());
    const url = await startFunctionUrl((delivery) => webhook(delivery));
    const env = sandbox.env({ LEAKS_URL: url.url, DRILL_SERVICE_USER_ID: service_user_id });
    const drill = await loadHandler('drill', env);
    // Nobody works here on what is queued: test/handlers/drill.test.ts has the whole way.
    const brief = lambdaContext({ getRemainingTimeInMillis: () => 27_000 });

    for (const name of ['drill-console-run', 'drill-schedule']) {
      sandbox.devin.keys().forEach(({ api_key_id, service_user_id: owner }) => {
        if (owner === service_user_id) sandbox.devin.revoke(api_key_id);
      });
      expect(await drill(event(name), brief)).toMatchObject({
        service_user_id,
        status: 'failed',
        report_id: expect.stringContaining('webhook/msg_'),
      });
    }
    await url.stop();
  });
});

test('every file of events/ is used here', () => {
  expect([...used].sort()).toEqual(eventFiles.map((name) => `${name}.json`).sort());
});
