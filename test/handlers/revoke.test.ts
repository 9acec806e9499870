import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Outcome } from '../../lib/domain/outcome.ts';
import type { Fault } from '../../sandbox/http-server.ts';
import { type Sandbox, startSandbox } from '../../sandbox/index.ts';
import { alertOf, namedRecords } from '../../sandbox/observe.ts';
import { alertReport, sqsEvent, sqsRecord } from '../../sandbox/sqs-event.ts';
import {
  captureOutput,
  type Handler,
  lambdaContext,
  loadHandler,
  type Output,
} from '../support/load-handler.ts';

let sandbox: Sandbox;
let output: Output;
let revoke: Handler<'revoke'>;

beforeEach(async () => {
  sandbox = await startSandbox({ sqs: false });
  output = captureOutput();
  revoke = await loadHandler('revoke', environment());
});

afterEach(async () => {
  output.restore();
  await sandbox.stop();
});

const environment = (overrides: Record<string, string | undefined> = {}) =>
  sandbox.env({ LEAK_QUEUE_URL: undefined, PROOF_WINDOW_SECONDS: '2', ...overrides });

const invoke = (event: unknown, context = lambdaContext()) => revoke(event, context) as Promise<Outcome>;
const deletions = () => sandbox.devin.requests.filter(({ method }) => method === 'DELETE');
/** The records as [name, status_code], in order; without those that are written beside a DELETE or an outcome. */
const records = () =>
  namedRecords(sandbox)
    .filter(({ name }) => name !== '70-alert.json' && name !== '30-delete.json')
    .map(({ name, record }) => [name, record.status_code]);

type Row = {
  when: string;
  faults?: Fault[];
  arrange?: (leak: ReturnType<Sandbox['leak']>) => void;
  outcome: Partial<Record<keyof Outcome | 'evidence' | 'reason' | 'retryable', unknown>>;
  live: boolean;
};
const onDelete = (fault: Fault): Fault[] => [{ operation: 'revokeServiceUserApiKey', ...fault }];
const revoked = { status: 'revoked', evidence: 'token_rejected', recorded: true, alert: { closed: true } };
const failed = (reason: RegExp, retryable: boolean) => ({
  status: 'failed',
  reason: expect.stringMatching(reason),
  retryable,
  recorded: true,
});

const rows: Row[] = [
  { when: 'DELETE answers 200', outcome: revoked, live: false },
  {
    when: 'DELETE answers 409, since somebody else revoked the key in the meantime',
    arrange: ({ api_key_id }) => {
      sandbox.devin.onRequest = ({ operation }) => {
        if (operation === 'listServiceUserApiKeys') sandbox.devin.revoke(api_key_id);
      };
    },
    outcome: { ...revoked, status: 'already_revoked' },
    live: false,
  },
  {
    when: 'DELETE answers 404, yet the listing shows the key',
    faults: onDelete({ status: 404 }),
    outcome: failed(/HTTP 404.*listing shows it active/, true),
    live: true,
  },
  {
    when: 'DELETE answers 422',
    faults: onDelete({
      status: 422,
      body: { detail: [{ loc: ['path', 'api_key_id'], msg: 'String too short', type: 'string_too_short' }] },
    }),
    outcome: failed(/HTTP 422.*path\.api_key_id: String too short/, false),
    live: true,
  },
  {
    when: 'DELETE answers 403',
    faults: onDelete({ status: 403 }),
    outcome: failed(/ManageAccountServiceUsers.*HTTP 403/, false),
    live: true,
  },
  {
    when: 'DELETE answers 401 for good',
    faults: onDelete({ status: 401, times: Number.POSITIVE_INFINITY }),
    outcome: failed(/admin token.*HTTP 401.*ManageAccountServiceUsers/, true),
    live: true,
  },
  {
    when: 'DELETE answers 429 without Retry-After, twice',
    faults: onDelete({ status: 429, times: 2 }),
    outcome: revoked,
    live: false,
  },
  {
    when: 'DELETE answers 429 with Retry-After in seconds',
    faults: onDelete({ status: 429, headers: { 'retry-after': '1' } }),
    outcome: revoked,
    live: false,
  },
  {
    when: 'DELETE answers 429 with Retry-After as a date',
    faults: onDelete({ status: 429, headers: { 'retry-after': new Date(Date.now() + 1_000).toUTCString() } }),
    outcome: revoked,
    live: false,
  },
  {
    when: 'DELETE answers 429 with a Retry-After beyond the time that is left',
    faults: onDelete({ status: 429, headers: { 'retry-after': '3600' } }),
    outcome: failed(/HTTP 429/, true),
    live: true,
  },
  {
    when: 'DELETE answers 500 twice',
    faults: onDelete({ status: 500, times: 2 }),
    outcome: revoked,
    live: false,
  },
  {
    when: 'DELETE answers 500 for good, with a body that is not JSON',
    faults: onDelete({ status: 500, body: '<html>busy</html>', times: Number.POSITIVE_INFINITY }),
    outcome: failed(/HTTP 500/, true),
    live: true,
  },
  {
    when: 'the connection breaks before the DELETE takes effect',
    faults: onDelete({ reset: 'before' }),
    outcome: revoked,
    live: false,
  },
  {
    when: 'the connection breaks after the DELETE took effect, and the retry meets 409',
    faults: onDelete({ reset: 'after' }),
    outcome: { ...revoked, evidence: 'recovered' },
    live: false,
  },
  {
    when: 'DELETE answers 200 with a body that is not JSON, from something before the API',
    faults: onDelete({ status: 200, body: '<html>welcome</html>' }),
    outcome: { status: 'failed', retryable: true, recorded: true },
    live: true,
  },
  {
    when: 'DELETE gets no answer at first',
    faults: onDelete({ delayMs: 60_000 }),
    outcome: revoked,
    live: false,
  },
  {
    when: 'the probe after the DELETE is answered 503 and then 429',
    faults: [],
    arrange: () => {
      sandbox.devin.onRequest = ({ operation }) => {
        if (operation !== 'revokeServiceUserApiKey') return;
        sandbox.devin.fault({ operation: 'getSelf', status: 503, times: 2 });
        sandbox.devin.fault({ operation: 'getSelf', status: 429, times: 1 });
      };
    },
    outcome: revoked,
    live: false,
  },
  {
    when: 'the API answers 403 to every probe, which proves nothing',
    arrange: () => {
      sandbox.devin.onRequest = ({ operation }) => {
        if (operation !== 'revokeServiceUserApiKey') return;
        sandbox.devin.fault({ operation: 'getSelf', status: 403, times: Number.POSITIVE_INFINITY });
      };
    },
    outcome: failed(/not proven.*HTTP 403/, true),
    live: false,
  },
  {
    when: 'the API answers 401 to everybody after the DELETE, which proves nothing',
    arrange: () => {
      sandbox.devin.onRequest = ({ operation }) => {
        if (operation === 'revokeServiceUserApiKey') sandbox.devin.authenticateNobody = true;
      };
    },
    outcome: failed(/not proven.*admin token/, true),
    live: false,
  },
  {
    when: 'the revocation shows only after a while',
    arrange: () => {
      sandbox.devin.revocationLagMs = 300;
    },
    outcome: revoked,
    live: false,
  },
  {
    when: 'the revocation does not show within the proof window',
    arrange: () => {
      sandbox.devin.revocationLagMs = Number.POSITIVE_INFINITY;
    },
    outcome: { status: 'still_alive', retryable: true, recorded: true },
    live: true,
  },
];

describe('a GitHub alert for the only key of a service user', () => {
  test.each(rows)('ends as it should when $when', async ({ arrange, faults = [], live, outcome }) => {
    const leak = sandbox.leak();
    for (const fault of faults) sandbox.devin.fault(fault);
    arrange?.(leak);

    const answer = await invoke({ github_alert: leak.alert });

    const isSuccess = outcome.status === 'revoked' || outcome.status === 'already_revoked';
    const key = { service_user_id: leak.service_user_id, api_key_id: leak.api_key_id };
    expect(answer).toMatchObject({ ...outcome, ...key, report_id: expect.stringMatching(/^console\//) });
    expect(sandbox.devin.isLive(leak.token)).toBe(live);
    expect(alertOf(sandbox, leak.alert)).toMatchObject(
      isSuccess ? { state: 'resolved', resolution: 'revoked', validity: 'inactive' } : { state: 'open' },
    );
    const isFinal = isSuccess || outcome.retryable === false;
    const settled = isFinal ? '90-outcome.json' : '50-attempt.json';
    expect(records()).toEqual([
      ['10-intent.json', 'intent'],
      [settled, outcome.status],
    ]);
  });

  test('closes the alert with a comment that names the key, the time and the evidence, and not the token', async () => {
    const leak = sandbox.leak();

    await invoke({ github_alert: leak.alert });

    const comment = alertOf(sandbox, leak.alert)?.resolution_comment ?? '';
    expect(comment).toContain(leak.api_key_id);
    expect(comment).toMatch(/\d{4}-\d\d-\d\dT[\d:.]+Z: the token is answered 401/);
    expect(comment.length).toBeLessThanOrEqual(280);
    expect(comment).not.toContain(leak.token.slice(4, 12));
  });

  test.each([
    ['delegated dismissal', 403, /delegated alert dismissal/],
    ['no access', 404, /HTTP 404/],
  ])(
    'reports a refusal to close the alert (%s), and the key is revoked all the same',
    async (_, status, reason) => {
      const leak = sandbox.leak();
      sandbox.github.fault({ operation: 'updateAlert', status });

      const answer = await invoke({ github_alert: leak.alert });

      expect(answer).toMatchObject({
        status: 'revoked',
        alert: { closed: false, reason: expect.stringMatching(reason) },
      });
      expect(sandbox.devin.isLive(leak.token)).toBe(false);
      expect(records().at(-1)).toEqual(['90-outcome.json', 'revoked']);
    },
  );

  test('resolves the alert even where its validity cannot be set', async () => {
    const leak = sandbox.leak();
    sandbox.github.refuseValidity = true;

    expect(await invoke({ github_alert: leak.alert })).toMatchObject({ alert: { closed: true } });
    expect(alertOf(sandbox, leak.alert)).toMatchObject({ state: 'resolved', resolution: 'revoked' });
  });

  test('decodes a secret that GitHub found in base64', async () => {
    const leak = sandbox.leak();
    const secret = Buffer.from(leak.token).toString('base64');
    const alert = sandbox.github.createAlert({ owner: 'acme', repo: 'api', secret, is_base64_encoded: true });

    expect(await invoke({ github_alert: alert })).toMatchObject({
      status: 'revoked',
      api_key_id: leak.api_key_id,
    });
  });

  test('ignores an alert that is resolved already, and records nothing', async () => {
    const leak = sandbox.leak();
    const alert = sandbox.github.createAlert({ secret: leak.token, state: 'resolved' });

    expect(await invoke({ github_alert: alert })).toMatchObject({ status: 'ignored' });
    expect(sandbox.devin.isLive(leak.token)).toBe(true);
    expect(records()).toEqual([]);
  });

  test('says when GitHub does not show the alert', async () => {
    expect(await invoke({ github_alert: { owner: 'acme', repo: 'webshop', number: 999 } })).toMatchObject({
      status: 'failed',
      reason: expect.stringMatching(/no such alert, no access, or secret scanning is off/),
      retryable: false,
    });
  });
});

describe('a token alone', () => {
  test('is already revoked when it is dead on arrival', async () => {
    const leak = sandbox.leak();
    sandbox.devin.revoke(leak.api_key_id);

    expect(await invoke({ token: leak.token })).toMatchObject({
      status: 'already_revoked',
      evidence: 'dead_on_arrival',
      recorded: true,
    });
    expect(deletions()).toEqual([]);
  });

  test('is not taken for dead when the API answers 401 to everybody', async () => {
    const leak = sandbox.leak();
    sandbox.devin.authenticateNobody = true;

    expect(await invoke({ token: leak.token })).toMatchObject({ status: 'failed', retryable: true });
  });

  test('is revoked when it is the only active key of its service user', async () => {
    const leak = sandbox.leak();
    const old = sandbox.devin.createKey(leak.service_user_id);
    sandbox.devin.revoke(old.api_key_id);

    expect(await invoke({ token: leak.token })).toMatchObject({
      status: 'revoked',
      api_key_id: leak.api_key_id,
    });
    expect(sandbox.devin.isLive(leak.token)).toBe(false);
  });

  test('that is a personal access token is escalated', async () => {
    const token = sandbox.devin.createPersonalToken();

    expect(await invoke({ token })).toMatchObject({
      status: 'escalated',
      reason: expect.stringContaining('personal access token'),
      next_step: expect.any(String),
      recorded: true,
    });
    expect(deletions()).toEqual([]);
  });
});

describe('a key by its ids', () => {
  const ids = ({ api_key_id, service_user_id }: { api_key_id: string; service_user_id: string }) => ({
    api_key_id,
    service_user_id,
  });

  test('is revoked, and the listing proves it', async () => {
    const leak = sandbox.leak({ keys: 3 });

    expect(await invoke(ids(leak))).toMatchObject({
      status: 'revoked',
      evidence: 'listed_inactive',
      proof: { method: 'listing' },
      ...ids(leak),
    });
    expect(sandbox.devin.isLive(leak.token)).toBe(false);
    expect(leak.others.every(({ token }) => sandbox.devin.isLive(token))).toBe(true);
  });

  test('is proven dead by its token where the event has it', async () => {
    const leak = sandbox.leak({ keys: 3 });

    expect(await invoke({ ...ids(leak), token: leak.token })).toMatchObject({
      status: 'revoked',
      evidence: 'token_rejected',
    });
  });

  test('is not found when neither DELETE nor the listing knows it', async () => {
    const leak = sandbox.leak();

    expect(await invoke({ ...ids(leak), api_key_id: 'key-unknown' })).toMatchObject({
      status: 'not_found',
      recorded: true,
    });
    expect(records().at(-1)).toEqual(['90-outcome.json', 'not_found']);
  });

  test('fails when the listing of its service user does not answer, since a wrong service user looks the same', async () => {
    const leak = sandbox.leak();

    expect(await invoke({ ...ids(leak), service_user_id: 'service-user-unknown' })).toMatchObject({
      status: 'failed',
      reason: expect.stringMatching(/HTTP 404.*does not confirm/),
    });
  });

  test('is escalated when the token in the event belongs to another service user', async () => {
    const leak = sandbox.leak();
    const other = sandbox.leak();

    expect(await invoke({ ...ids(leak), token: other.token })).toMatchObject({ status: 'escalated' });
    expect(deletions()).toEqual([]);
  });

  test('that is revoked already is proven by the listing, not by a token that was dead before', async () => {
    const leak = sandbox.leak();
    sandbox.devin.revoke(leak.api_key_id);

    expect(await invoke({ ...ids(leak), token: leak.token })).toMatchObject({
      status: 'already_revoked',
      evidence: 'listed_inactive',
    });
  });
});

describe('the admin token', () => {
  test('is read afresh once after a 401, since it may have been rotated', async () => {
    const first = sandbox.leak();
    await invoke({ token: first.token });
    const rotated = sandbox.devin.createKey(sandbox.admin.service_user_id);
    sandbox.devin.revoke(sandbox.admin.api_key_id);
    sandbox.secrets.put(sandbox.secretIds.admin, JSON.stringify({ token: rotated.token }));
    const second = sandbox.leak();

    expect(await invoke({ token: second.token })).toMatchObject({ status: 'revoked' });
    const reads = sandbox.secrets.requests.filter(({ secretId }) => secretId === sandbox.secretIds.admin);
    expect(reads).toHaveLength(2);
  });

  test('is read once while the container is warm', async () => {
    for (const leak of [sandbox.leak(), sandbox.leak()]) await invoke({ github_alert: leak.alert });

    const reads = sandbox.secrets.requests.map(({ secretId }) => secretId).sort();
    expect(reads).toEqual([sandbox.secretIds.admin, sandbox.secretIds.github].sort());
  });

  test('that is no Devin token fails with a reason that names the secret and not its value', async () => {
    const value = ['some', 'other', 'value'].join('-');
    sandbox.secrets.put(sandbox.secretIds.admin, value);

    const answer = await invoke({ token: sandbox.leak().token });

    expect(answer).toMatchObject({
      status: 'failed',
      reason: expect.stringContaining(sandbox.secretIds.admin),
    });
    expect(JSON.stringify(answer) + output.text()).not.toContain(value);
  });
});

describe('a dry run', () => {
  test.each([
    ['of one event', {}, { dry_run: true }],
    ['of the function', { DRY_RUN: 'true' }, {}],
  ])('%s says what would be revoked and changes nothing upstream', async (_, env, event) => {
    const leak = sandbox.leak();
    revoke = await loadHandler('revoke', environment(env));

    expect(await invoke({ github_alert: leak.alert, ...event })).toMatchObject({
      status: 'rehearsed',
      api_key_id: leak.api_key_id,
    });
    const writes = [...sandbox.devin.requests, ...sandbox.github.requests].filter(
      ({ method }) => method !== 'GET',
    );
    expect(writes).toEqual([]);
    expect(records()).toEqual([['80-rehearsal.json', 'rehearsed']]);
  });
});

describe('the audit store', () => {
  test('being down does not keep a leak alive, and the message stays until the record is stored', async () => {
    const leak = sandbox.leak();
    sandbox.s3.fault({ method: 'PUT', status: 503, times: Number.POSITIVE_INFINITY });
    const event = sqsEvent(sqsRecord(alertReport(leak.alert)));

    const down = await revoke(event);
    expect(sandbox.devin.isLive(leak.token)).toBe(false);
    expect(down).toEqual({ batchItemFailures: [{ itemIdentifier: 'message-1' }] });

    sandbox.s3.clearFaults();
    expect(await revoke(event)).toEqual({ batchItemFailures: [] });
    expect(records().filter(([name]) => name === '90-outcome.json')).toHaveLength(1);
  }, 30_000);

  test('being down stops a manual run before it acts', async () => {
    const leak = sandbox.leak();
    sandbox.s3.fault({ method: 'PUT', status: 503, times: Number.POSITIVE_INFINITY });

    expect(await invoke({ token: leak.token })).toMatchObject({ status: 'failed', recorded: false });
    expect(deletions()).toEqual([]);
  }, 30_000);

  test('answers a redelivery with the first outcome, and nothing is done twice', async () => {
    const leak = sandbox.leak();
    const event = sqsEvent(sqsRecord(alertReport(leak.alert)));
    await revoke(event);
    const before = { devin: sandbox.devin.requests.length, records: records() };

    expect(await revoke(event)).toEqual({ batchItemFailures: [] });
    expect(deletions()).toHaveLength(1);
    expect(records()).toEqual(before.records);
    expect(sandbox.devin.requests).toHaveLength(before.devin);
  });

  test('has an intent before every DELETE', async () => {
    const leak = sandbox.leak();
    let stored: unknown[] = [];
    sandbox.devin.onRequest = ({ operation }) => {
      if (operation === 'revokeServiceUserApiKey') stored = records();
    };

    await invoke({ token: leak.token });

    expect(stored).toEqual([['10-intent.json', 'intent']]);
  });

  test('has beside every DELETE that it was sent, and at the end what came of it', async () => {
    const leak = sandbox.leak();

    await invoke({ token: leak.token });

    const key = { service_user_id: leak.service_user_id, api_key_id: leak.api_key_id };
    const [sent, outcome] = ['30-delete.json', '90-outcome.json'].map(
      (wanted) => namedRecords(sandbox).find(({ name }) => name === wanted)?.record.unmapped,
    );
    expect(sent).toMatchObject({ kind: 'intent', ...key, delete_sent_at: expect.any(Number) });
    expect(outcome?.deletions).toEqual([{ ...key, sent_at: sent?.delete_sent_at, answer: 'revoked' }]);
  });
});

describe('a batch from the queue', () => {
  test('settles each item apart from its neighbours', async () => {
    const good = sandbox.leak();
    const refused = sandbox.leak();
    sandbox.devin.fault({ method: 'DELETE', path: new RegExp(refused.api_key_id), status: 401 });

    const answer = await revoke(
      sqsEvent(
        sqsRecord('not json', { messageId: 'broken' }),
        sqsRecord({ version: 99 }, { messageId: 'future' }),
        sqsRecord(alertReport(refused.alert), { messageId: 'refused' }),
        sqsRecord(alertReport(good.alert), { messageId: 'good' }),
      ),
    );

    expect(answer).toEqual({
      batchItemFailures: ['broken', 'future', 'refused'].map((itemIdentifier) => ({ itemIdentifier })),
    });
    expect(sandbox.devin.isLive(good.token)).toBe(false);
  });

  test('revokes one key once when two alerts hold its token, and closes both', async () => {
    const leak = sandbox.leak();
    const second = sandbox.github.createAlert({ secret: leak.token, repo: 'api' });

    const answer = await revoke(
      sqsEvent(
        ...[leak.alert, second].map((alert, index) =>
          sqsRecord(alertReport(alert), { messageId: `message-${index}` }),
        ),
      ),
    );

    expect(answer).toEqual({ batchItemFailures: [] });
    expect([alertOf(sandbox, leak.alert)?.state, alertOf(sandbox, second)?.state]).toEqual([
      'resolved',
      'resolved',
    ]);
    expect(records().filter(([name]) => name === '90-outcome.json')).toHaveLength(2);
  });
});

describe('an EventBridge event', () => {
  const event = (detail: unknown) => ({
    version: '0',
    id: '17793124-05d4-b198-2fde-7ededc63b103',
    'detail-type': 'Devin API key leaked',
    source: 'acme.scanner',
    account: '111122223333',
    time: '2026-07-30T08:26:40Z',
    region: 'us-east-1',
    resources: [],
    detail,
  });

  test('is contained under its own id', async () => {
    const leak = sandbox.leak();

    expect(await revoke(event({ token: leak.token }))).toMatchObject({
      status: 'revoked',
      report_id: 'eventbridge/17793124-05d4-b198-2fde-7ededc63b103',
    });
    expect(sandbox.s3.objects('records/').at(-1)?.key).toContain('records/date=2026-07-30/eventbridge/');
  });

  test('that is not done ends in an error, so that Lambda invokes again', async () => {
    const leak = sandbox.leak();
    sandbox.devin.fault({ method: 'DELETE', status: 401 });

    await expect(revoke(event({ token: leak.token }))).rejects.toThrow(/is not done: failed/);
  });
});
