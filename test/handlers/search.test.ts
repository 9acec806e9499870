import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Outcome } from '../../lib/domain/outcome.ts';
import { startServer } from '../../sandbox/http-server.ts';
import { startSandbox } from '../../sandbox/index.ts';
import { alertOf, deletedKeys, outcomeRecords } from '../../sandbox/observe.ts';
import { alertReport, sqsEvent, sqsRecord } from '../../sandbox/sqs-event.ts';
import { captureOutput, lambdaContext, loadHandler, type Output } from '../support/load-handler.ts';
import { readPublished } from '../support/published.ts';

// Searches for the key through the exported handler. They take their time, so all of them run side by side. The bound on
// the error is a thousandth here, for the time that it saves; test/long plays the same worlds with the defaults.

const SETTINGS = { ATTRIBUTION_ERROR: '0.001', SEARCH_SECONDS: '25', PROOF_WINDOW_SECONDS: '1' };

let output: Output;
/** Run at the end. */
const stops: (() => Promise<void>)[] = [];
const adminTokens: string[] = [];

/** A sandbox with a worker of its own. Workers are loaded one after the other, since the settings are the process's. */
async function stage(env: Record<string, string> = {}) {
  const sandbox = await startSandbox({ sqs: false });
  const load = () => loadHandler('revoke', sandbox.env({ ...SETTINGS, ...env }));
  const timers: NodeJS.Timeout[] = [];
  const revoke = await load();
  adminTokens.push(sandbox.admin.token);
  stops.push(async () => {
    timers.forEach(clearInterval);
    await sandbox.stop();
  });
  return {
    sandbox,
    load,
    revoke,
    /** Others use a token. */
    use(token: string, perSecond: number): void {
      timers.push(setInterval(() => sandbox.devin.use(token), 1_000 / perSecond));
    },
    invoke: async (event: unknown) => (await revoke(event, context())) as Outcome,
  };
}
type Stage = Awaited<ReturnType<typeof stage>>;

function context() {
  const end = Date.now() + 120_000;
  return lambdaContext({ getRemainingTimeInMillis: () => end - Date.now() });
}

const old = () => ({ created_at: Math.floor(Date.now() / 1_000) - 86_400 });

/** One of three keys leaks; the others are in use. */
function leakAmong({ sandbox, use }: Stage, perSecond: number) {
  const leak = sandbox.leak({ keys: 3, key: old() });
  for (const { token } of leak.others) use(token, perSecond);
  return leak;
}

const searches = {
  async 'uses that show after 0 to 20 s each'() {
    const it = await stage();
    it.sandbox.devin.useLagMs = () => Math.random() * 20_000;
    const leak = leakAmong(it, 5);
    return async () => ({ ...it, leak, answer: await it.invoke({ github_alert: leak.alert }) });
  },
  async 'a tenth of all uses stored'() {
    const it = await stage();
    it.sandbox.devin.useLagMs = () => (Math.random() < 0.1 ? 0 : Number.POSITIVE_INFINITY);
    const leak = leakAmong(it, 50);
    return async () => ({ ...it, leak, answer: await it.invoke({ github_alert: leak.alert }) });
  },
  async 'a sibling of our own key, whose uses show after 12 s'() {
    const it = await stage({ SEARCH_SECONDS: '40' });
    it.sandbox.devin.lastUsedLagMs = 12_000;
    const leak = it.sandbox.devin.createKey(it.sandbox.admin.service_user_id, old());
    return async () => ({ ...it, leak, answer: await it.invoke({ token: leak.token }) });
  },
  async 'busy siblings'() {
    const published: string[] = [];
    const hidden: number[] = [];
    const sns = await startServer({
      handle: ({ body }) => {
        published.push(readPublished(body).text);
        return { status: 200, body: '<PublishResponse/>' };
      },
    });
    const sqs = await startServer({
      handle: ({ body }) => {
        hidden.push(JSON.parse(body.toString()).VisibilityTimeout);
        return { status: 200, body: {} };
      },
    });
    const it = await stage({
      NOTIFY_TOPIC_ARN: 'arn:aws:sns:us-east-1:123456789012:alarms',
      AWS_ENDPOINT_URL_SNS: sns.url,
      AWS_ENDPOINT_URL_SQS: sqs.url,
    });
    const leak = leakAmong(it, 5);
    return async () => {
      const answer = await it.revoke(sqsEvent(sqsRecord(alertReport(leak.alert))), context());
      await Promise.all([sns.stop(), sqs.stop()]);
      return { ...it, leak, answer, published, hidden };
    };
  },
  async 'one token in three places'() {
    const it = await stage();
    const elsewhere = await it.load();
    const leak = leakAmong(it, 5);
    const alerts = [
      leak.alert,
      ...['api', 'docs'].map((repo) => it.sandbox.github.createAlert({ repo, secret: leak.token })),
    ];
    const records = alerts.map((alert, index) =>
      sqsRecord(alertReport(alert), { messageId: `message-${index}` }),
    );
    return async () => {
      const [first, second, third] = records;
      const answers = await Promise.all([
        it.revoke(sqsEvent(first!, second!), context()),
        elsewhere(sqsEvent(third!), context()),
      ]);
      return { ...it, leak, alerts, answers };
    };
  },
  async 'a sibling that ended lately'() {
    const it = await stage();
    const leak = leakAmong(it, 1);
    const { api_key_id } = it.sandbox.devin.createKey(leak.service_user_id, old());
    it.sandbox.devin.revoke(api_key_id);
    return async () => ({ ...it, leak, answer: await it.invoke({ github_alert: leak.alert }) });
  },
  async 'a key that ended and still works'() {
    const it = await stage();
    const leak = it.sandbox.leak({ keys: 2, key: old() });
    it.sandbox.devin.revocationLagMs = Number.POSITIVE_INFINITY;
    it.sandbox.devin.revoke(leak.api_key_id);
    return async () => ({ ...it, leak, answer: await it.invoke({ github_alert: leak.alert }) });
  },
  async 'the only active key, made after the alert'() {
    const it = await stage({ SEARCH_SECONDS: '12' });
    const leak = it.sandbox.leak({ key: { ...old(), revoked_at: Math.floor(Date.now() / 1_000) - 3_600 } });
    it.sandbox.devin.revocationLagMs = Number.POSITIVE_INFINITY;
    const alert = it.sandbox.github.createAlert({
      secret: leak.token,
      created_at: new Date(Date.now() - 7_200_000).toISOString(),
    });
    it.sandbox.devin.createKey(leak.service_user_id, { created_at: Math.floor(Date.now() / 1_000) - 1_800 });
    return async () => ({ ...it, leak, answer: await it.invoke({ github_alert: alert }) });
  },
  async 'our own key among others, with a standby'() {
    const it = await stage({ STANDBY_TOKEN_SECRET_ID: 'standby' });
    const { devin, secrets } = it.sandbox;
    const { service_user_id } = devin.createServiceUser({ canManage: true });
    secrets.put('standby', devin.createKey(service_user_id).token);
    const sibling = devin.createKey(it.sandbox.admin.service_user_id, old());
    it.use(sibling.token, 5);
    return async () => ({
      ...it,
      leak: it.sandbox.admin,
      answer: await it.invoke({ token: it.sandbox.admin.token }),
    });
  },
};

type Name = keyof typeof searches;
type Played = { [N in Name]: Awaited<ReturnType<Awaited<ReturnType<(typeof searches)[N]>>>> };
let played: Played;

beforeAll(async () => {
  output = captureOutput();
  const begin: [string, () => Promise<unknown>][] = [];
  for (const [name, arrange] of Object.entries(searches)) begin.push([name, await arrange()]);
  played = Object.fromEntries(
    await Promise.all(begin.map(async ([name, run]) => [name, await run()])),
  ) as Played;
}, 120_000);
afterAll(async () => {
  output.restore();
  await Promise.all(stops.map((stop) => stop()));
});

const startedFor = (id: string) =>
  output
    .entries()
    .filter(({ message, service_user_id }) => message === 'telling keys apart' && service_user_id === id);

describe.each(['uses that show after 0 to 20 s each', 'a tenth of all uses stored'] as const)(
  '%s',
  (name) => {
    test('name no key, and are escalated with the evidence for each', () => {
      const { answer, leak, sandbox } = played[name];

      expect(deletedKeys(sandbox).filter((id) => id !== leak.api_key_id)).toEqual([]);
      expect(answer).toMatchObject({ status: 'escalated', recorded: true });
      const evidence = answer.candidates?.map(({ log10_e }) => log10_e) ?? [];
      expect(evidence).toHaveLength(3);
      expect(evidence).toEqual([...evidence].sort((a, b) => Number(b) - Number(a)));
      const [event] = /\{.*\}/.exec(answer.next_step ?? '') ?? [];
      expect(JSON.parse(event ?? '')).toEqual({
        service_user_id: leak.service_user_id,
        api_key_id: answer.candidates?.[0]?.api_key_id,
      });
    });
  },
);

test('a sibling of our own key is never deleted on inference, and named to a person', () => {
  const { answer, leak, sandbox } = played['a sibling of our own key, whose uses show after 12 s'];

  expect(deletedKeys(sandbox)).toEqual([]);
  expect(answer).toMatchObject({
    status: 'escalated',
    reason: expect.stringContaining('our own service user'),
  });
  // test/long holds that it is the first of them.
  expect(answer.candidates?.map(({ api_key_id }) => api_key_id).sort()).toEqual(
    [leak, sandbox.admin].map(({ api_key_id }) => api_key_id).sort(),
  );
  expect(answer.next_step).toContain(leak.service_user_id);
});

describe('a leaked key among busy siblings', () => {
  test('is found by the experiment, and its record holds the evidence', () => {
    const { leak, sandbox } = played['busy siblings'];

    expect(deletedKeys(sandbox)).toEqual([leak.api_key_id]);
    const [record] = outcomeRecords(sandbox);
    expect(record?.unmapped).toMatchObject({
      status: 'revoked',
      api_key_id: leak.api_key_id,
      attribution: {
        method: 'experiment',
        confidence: 'high',
        experiment: { bound_log10: 3.477, error: 0.001, slots: expect.any(Number), uses: expect.any(Number) },
      },
    });
    const { experiment } = Object(record?.unmapped.attribution);
    expect(experiment.log10_e).toBeGreaterThanOrEqual(experiment.bound_log10);
    expect(alertOf(sandbox, leak.alert)).toMatchObject({ state: 'resolved' });
  });

  test('is told to people when its search starts, with the events to paste and no token', () => {
    const { leak, published } = played['busy siblings'];

    expect(startedFor(leak.service_user_id)).toHaveLength(1);
    // The second one says how it ended.
    expect(published).toHaveLength(2);
    expect(published[1]).toContain('Leaked Devin API key revoked');
    expect(published[0]).toContain(leak.service_user_id);
    for (const { api_key_id, service_user_id } of leak.keys)
      expect(published[0]).toContain(JSON.stringify({ service_user_id, api_key_id }));
    for (const { token } of leak.keys) expect(published[0]).not.toContain(token.slice(4, 12));
  });

  test('keeps its message hidden by a heartbeat, for a minute at a time while the search runs', () => {
    const { hidden } = played['busy siblings'];

    expect(hidden.length).toBeGreaterThanOrEqual(2);
    expect(hidden.at(-1)).toBe(240);
    expect(new Set(hidden.slice(0, -1))).toEqual(new Set([60]));
  });
});

test('reports of one token, in one batch and in two containers, share one search', () => {
  const { alerts, answers, leak, sandbox } = played['one token in three places'];

  expect(answers).toEqual([{ batchItemFailures: [] }, { batchItemFailures: [] }]);
  expect(startedFor(leak.service_user_id)).toHaveLength(1);
  expect(new Set(deletedKeys(sandbox))).toEqual(new Set([leak.api_key_id]));
  const outcomes = outcomeRecords(sandbox).map(({ unmapped }) => unmapped);
  expect(outcomes).toHaveLength(3);
  for (const outcome of outcomes) {
    expect(outcome).toMatchObject({ api_key_id: leak.api_key_id, attribution: { method: 'experiment' } });
    expect(['revoked', 'already_revoked']).toContain(outcome.status);
  }
  expect(alerts.map((alert) => alertOf(sandbox, alert)?.state)).toEqual(['resolved', 'resolved', 'resolved']);
  const leases = sandbox.s3.objects('leases/token/').map(({ key }) => key);
  expect(leases.filter((key) => key.endsWith('.result.json'))).toHaveLength(1);
});

test('waiting for a sibling that ended lately does not spoil the search', () => {
  const { answer, leak, sandbox } = played['a sibling that ended lately'];

  expect(answer).toMatchObject({ status: 'revoked', attribution: { method: 'experiment' } });
  expect(deletedKeys(sandbox)).toEqual([leak.api_key_id]);
});

test('the only active key is not taken for the leaked one while the token may be of a key that ended lately', () => {
  const { answer, leak, sandbox } = played['a key that ended and still works'];

  expect(deletedKeys(sandbox)).toEqual([]);
  expect(answer).toMatchObject({
    status: 'still_alive',
    api_key_id: leak.api_key_id,
    attribution: { method: 'experiment' },
    retryable: true,
  });
});

test('the only active key is not taken for the leaked one when it was made after the alert', () => {
  const { answer, sandbox } = played['the only active key, made after the alert'];

  expect(deletedKeys(sandbox)).toEqual([]);
  expect(answer).toMatchObject({ status: 'escalated' });
});

test('our own key is told apart by the listings of the standby token', () => {
  const { answer, leak, sandbox } = played['our own key among others, with a standby'];

  expect(answer).toMatchObject({ status: 'revoked', own_key: true, attribution: { method: 'experiment' } });
  expect(deletedKeys(sandbox)).toEqual([leak.api_key_id]);
});

test('no line of the log holds a part of a token', () => {
  for (const token of adminTokens) expect(output.text()).not.toContain(token.slice(4, 12));
});
