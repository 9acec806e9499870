import { afterEach, describe, expect, test } from 'vitest';
import { type Sandbox, startSandbox } from '../../sandbox/index.ts';
import { readResources, zipPath } from '../package/packaged.ts';
import { eventFiles, filledEvent } from '../support/sample-events.ts';
import { startRuntime } from './runtime-api.ts';

// Each file of events/ runs through the packaged function that it is for, under AWS's own runtime client.

const FUNCTIONS = {
  webhook: 'WebhookLambdaFunction',
  revoke: 'RevokeLambdaFunction',
  'sweep-keys': 'SweepDashkeysLambdaFunction',
  'sweep-alerts': 'SweepDashalertsLambdaFunction',
  enroll: 'EnrollLambdaFunction',
  drill: 'DrillLambdaFunction',
};
/** Those that are shown for their refusal, or name a plan that is not there. */
const REFUSED: Readonly<Record<string, string>> = {
  'revoke-console-bad-input': 'BadEventError',
  'sweep-keys-console-continue': 'no such plan',
  'sweep-keys-console-release': 'no such plan',
  'sweep-keys-sqs': 'no such plan',
};
/** What an answer shows that is not enough by being one. */
const ANSWERS: Readonly<Record<string, object>> = {
  'webhook-github-delivery': { statusCode: 202 },
  'webhook-standard-leaks': { statusCode: 202 },
  'webhook-gitlab-token-types': { statusCode: 200 },
  'webhook-gitlab-revoke-tokens': { statusCode: 204 },
  'revoke-sqs': { batchItemFailures: [] },
  'revoke-sns': { batchItemFailures: [] },
  'revoke-eventbridge': { status: 'revoked' },
  'revoke-eventbridge-sealed': { status: 'revoked' },
  'revoke-console-by-token': { status: 'revoked' },
  'revoke-console-by-ids': { status: 'revoked' },
  // The key is made; where it is leaked to is not there.
  ...Object.fromEntries(
    ['drill-console-run', 'drill-schedule'].map((name) => [
      name,
      {
        status: 'failed',
        api_key_id: expect.any(String),
        problems: [expect.stringContaining('the leak was not taken: no answer (ECONNREFUSED)')],
      },
    ]),
  ),
};

const DRILL = { LEAKS_URL: 'http://127.0.0.1:9', DRILL_SERVICE_USER_ID: 'service-user-drills' };

let sandbox: Sandbox;
afterEach(() => sandbox.stop());

describe.each(eventFiles)('the event %s', (name) => {
  const [fn, id] = Object.entries(FUNCTIONS).find(([one]) => name.startsWith(`${one}-`)) ?? ['', ''];

  test('runs through the packaged function, and its token comes out nowhere', async () => {
    sandbox = await startSandbox();
    const token = populate();
    const { Environment, Handler, Timeout } = readResources()[id]?.Properties ?? {};
    const env = Object.fromEntries(
      Object.entries(sandbox.env(DRILL)).filter(
        ([variable]) => variable.startsWith('AWS_') || variable in Environment.Variables,
      ),
    );
    const runtime = await startRuntime({ zip: zipPath(fn), handler: Handler, env, timeoutSeconds: Timeout });
    try {
      const answer = await runtime.invoke(await filledEvent(name, token, sandbox));
      const refusal = REFUSED[name];
      if (refusal === undefined) expect(answer).toMatchObject({ response: ANSWERS[name] ?? {} });
      else expect(JSON.stringify(answer)).toContain(refusal);
      const left = [answer, runtime.logs, sandbox.sqs.sent(), sandbox.s3.objects()];
      expect(JSON.stringify(left)).not.toContain(token.slice(4, 16));
    } finally {
      await runtime.stop();
    }
  });
});

/** What the files name. @returns the leaked token */
function populate(): string {
  for (const name of ['deploy-bot', 'ci-bot']) {
    const { service_user_id } = sandbox.devin.createServiceUser({ service_user_id: `service-user-${name}` });
    sandbox.devin.createKey(service_user_id, { api_key_id: `key-${name}-1` });
  }
  sandbox.devin.createServiceUser({ service_user_id: DRILL.DRILL_SERVICE_USER_ID });
  const created = '2026-11-23T08:42:20Z';
  const created_at = Date.parse(created) / 1_000 - 86_400;
  const { token } = sandbox.devin.createKey(sandbox.devin.createServiceUser().service_user_id, {
    created_at,
  });
  sandbox.github.createAlert({
    owner: 'acme',
    repo: 'webshop',
    secret: token,
    created_at: created,
  });
  return token;
}
