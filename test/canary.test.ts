import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type SandboxRequest, type SandboxServer, startServer } from '../sandbox/http-server.ts';
import { type Sandbox, startSandbox } from '../sandbox/index.ts';
import { alertReport, sqsEvent, sqsRecord } from '../sandbox/sqs-event.ts';
import { captureOutput, lambdaContext, loadHandler, type Output } from './support/load-handler.ts';

// A marker token goes through every path, malformed input included, and must come out nowhere: not whole, not in
// another encoding, not an 8-character part of it.

let sandbox: Sandbox;
let siem: SandboxServer;
let sns: SandboxServer;
let output: Output;
let answers: unknown[];
/** What each service was sent. */
let sent: Record<Service, Sent[]>;

const SERVICES = ['devin', 'github', 'secrets', 's3', 'sqs', 'siem', 'sns'] as const;
type Service = (typeof SERVICES)[number];
interface Sent {
  readonly request: string;
  readonly headers: Record<string, unknown>;
  readonly body: string;
}

beforeEach(async () => {
  sent = { devin: [], github: [], secrets: [], s3: [], sqs: [], siem: [], sns: [] };
  [sandbox, siem, sns] = await Promise.all([
    startSandbox(),
    startServer({ handle: () => ({ status: 202 }), knobs: { onArrival: record('siem') } }),
    startServer({ handle: () => ({ status: 200, body: PUBLISHED }), knobs: { onArrival: record('sns') } }),
  ]);
  for (const name of ['devin', 'github', 'secrets', 's3', 'sqs'] as const) {
    sandbox[name].onArrival = record(name);
  }
  output = captureOutput();
  answers = [];
});

afterEach(async () => {
  output.restore();
  await Promise.all([sandbox.stop(), siem.stop(), sns.stop()]);
});

const PUBLISHED =
  '<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishResult><MessageId>m</MessageId></PublishResult></PublishResponse>';

/** Keeps all that a service is sent, refused requests included, but for the headers with credentials. */
const record =
  (name: Service) =>
  (_: unknown, { body, headers, method, path, rawQuery }: SandboxRequest): undefined => {
    const { authorization: _token, 'x-amz-security-token': _session, ...others } = headers;
    sent[name].push({ request: `${method} ${path}?${rawQuery}`, headers: others, body: body.toString() });
  };

/** Every form in which a part of the token could be found again. */
function forms(token: string): string[] {
  const secret = token.replace(/^cog_/, '');
  const parts = Array.from({ length: secret.length - 7 }, (_, index) => secret.slice(index, index + 8));
  const encoded = parts.flatMap((part) => [
    Buffer.from(part).toString('hex'),
    encodeURIComponent(part),
    // Base64 depends on where the part begins in a group of three bytes; the ends depend on what is around it.
    ...['', 'x', 'xx'].map((before) =>
      Buffer.from(before + part)
        .toString('base64')
        .slice(4, 10),
    ),
  ]);
  return [...parts, ...encoded];
}

/** All that left the functions, except where the token has to go: the Authorization header and GitHub's own alert. */
function everything(): string {
  return JSON.stringify([
    answers,
    sent,
    sandbox.s3.objects(),
    sandbox.sqs.sent(),
    sandbox.sqs.backlogSent(),
    output.text(),
  ]);
}

function tracesOf(token: string): string[] {
  const text = everything();
  return forms(token).filter((form) => text.includes(form));
}

function expectNoTrace(token: string): void {
  expect(everything().length).toBeGreaterThan(100);
  expect(tracesOf(token)).toEqual([]);
}

async function run(
  name: 'webhook' | 'revoke' | 'sweep-keys' | 'sweep-alerts',
  event: unknown,
  env: Record<string, string> = {},
  leftMs = 9_000,
): Promise<void> {
  const everywhere = {
    PROOF_WINDOW_SECONDS: '0',
    AUDIT_HTTP_URL: `${siem.url}/ingest`,
    NOTIFY_TOPIC_ARN: 'arn:aws:sns:us-east-1:123456789012:alarms',
    AWS_ENDPOINT_URL_SNS: sns.url,
  };
  const handler = await loadHandler(name, sandbox.env({ ...everywhere, ...env }));
  const soon = Date.now() + leftMs;
  const context = lambdaContext({ getRemainingTimeInMillis: () => soon - Date.now() });
  answers.push(
    await handler(event, context).catch((error) => [
      String(error),
      error?.stack,
      JSON.stringify(error),
      error?.cause,
    ]),
  );
}

const eventBridge = (detail: unknown) => ({
  id: '17793124-05d4-b198-2fde-7ededc63b103',
  'detail-type': 'Devin API key leaked',
  time: '2026-07-30T08:26:40Z',
  detail,
});

describe('no trace of a token is left by', () => {
  type Leak = ReturnType<Sandbox['leak']>;
  const paths: [string, (leak: Leak) => Promise<void>][] = [
    ['a revocation by alert', (leak) => run('revoke', { github_alert: leak.alert })],
    [
      'a revocation by token',
      (leak) => run('revoke', { token: leak.token, reason: `found ${leak.token} in a log` }),
    ],
    ['a revocation by ids and token', (leak) => run('revoke', { ...ids(leak), token: leak.token })],
    ['a dry run', (leak) => run('revoke', { token: leak.token, dry_run: true })],
    ['an event of EventBridge', (leak) => run('revoke', eventBridge({ token: leak.token }))],
    [
      'a broken event of EventBridge',
      (leak) => run('revoke', eventBridge({ tokn: leak.token, [leak.token]: 1 })),
    ],
    ['a token in every wrong field', (leak) => run('revoke', wrongEverywhere(leak.token))],
    ['a token as the whole event', (leak) => run('revoke', leak.token)],
    [
      'a token as the service user',
      (leak) => run('revoke', { service_user_id: leak.token, api_key_id: leak.token }),
    ],
    [
      'a message with a token in it',
      (leak) => run('revoke', sqsEvent(sqsRecord(`{"token":"${leak.token}"`))),
    ],
    [
      'a token among other text, twice and beside another one',
      async (leak) => {
        const other = sandbox.leak().token;
        const secret = `A=${leak.token}-prod\nB="${other}" ${leak.token}`;
        await run('revoke', { github_alert: sandbox.github.createAlert({ secret, repo: 'api' }) });
      },
    ],
    [
      'a DELETE whose answer is lost, and the delivery after it',
      async (leak) => {
        sandbox.devin.fault({ method: 'DELETE', reset: 'after' });
        sandbox.devin.fault({ method: 'DELETE', status: 401 });
        const report = alertReport(leak.alert);
        await run('revoke', sqsEvent(sqsRecord(report)));
        await run('revoke', sqsEvent(sqsRecord(report, { receiveCount: 2 })));
      },
    ],
    [
      'a token that nobody knows',
      async (leak) => {
        sandbox.devin.rejected.add(leak.token);
        await run('revoke', { github_alert: leak.alert });
      },
    ],
    [
      'a personal token whose names quote it',
      async (leak) => {
        const named = {
          api_key_id: leak.token,
          api_key_name: leak.token,
          user_id: leak.token,
          user_name: leak.token,
        };
        const body = { principal_type: 'pat_user', ...named };
        sandbox.devin.fault({ operation: 'getSelf', status: 200, body });
        await run('revoke', { github_alert: leak.alert });
      },
    ],
    ['a rehearsal of an alert', (leak) => run('revoke', { github_alert: leak.alert, dry_run: true })],
    [
      'a token that is dead',
      async (leak) => {
        sandbox.devin.revoke(leak.api_key_id);
        await run('revoke', { token: leak.token });
      },
    ],
    [
      'a key that stays ambiguous',
      async (leak) => {
        sandbox.devin.createKey(leak.service_user_id);
        await run('revoke', { token: leak.token });
      },
    ],
    [
      'candidates that are revoked one by one',
      async (leak) => {
        sandbox.devin.createKey(leak.service_user_id);
        await run('revoke', { token: leak.token }, { AMBIGUOUS_KEY: 'revoke_all' });
      },
    ],
    [
      'a token that survives',
      async (leak) => {
        sandbox.devin.revocationLagMs = Number.POSITIVE_INFINITY;
        await run('revoke', { github_alert: leak.alert });
      },
    ],
    [
      'an API that echoes the token in its errors',
      async (leak) => {
        const detail = [
          { loc: ['path', leak.token], msg: `bad ${leak.token}`, type: leak.token, input: leak.token },
        ];
        sandbox.devin.fault({ method: 'DELETE', status: 422, body: { detail } });
        await run('revoke', { token: leak.token });
      },
    ],
    [
      'an API that echoes the token in an answer that is not JSON',
      async (leak) => {
        sandbox.devin.fault({ operation: 'getSelf', status: 200, body: `<p>${leak.token}</p>`, times: 9 });
        await run('revoke', { token: leak.token });
      },
    ],
    [
      'a principal that is named like the token',
      async (leak) => {
        const body = { principal_type: leak.token, service_user_id: leak.token };
        sandbox.devin.fault({ operation: 'getSelf', status: 200, body });
        await run('revoke', { token: leak.token });
      },
    ],
    [
      'a key that is named like its token',
      async (leak) => {
        const listing = { items: [{ ...sandbox.devin.key(leak.api_key_id), api_key_name: leak.token }] };
        sandbox.devin.fault({ operation: 'listServiceUserApiKeys', status: 200, body: listing, times: 9 });
        await run('revoke', { token: leak.token });
      },
    ],
    [
      'a connection that breaks',
      async (leak) => {
        sandbox.devin.fault({ reset: 'before', times: 99 });
        await run('revoke', { token: leak.token });
      },
    ],
    [
      'GitHub echoing it in an error',
      async (leak) => {
        sandbox.github.fault({ operation: 'updateAlert', status: 403, body: { message: leak.token } });
        await run('revoke', { github_alert: leak.alert });
      },
    ],
    [
      'an audit store that is down',
      async (leak) => {
        sandbox.s3.fault({ status: 500, body: leak.token, times: 99 });
        await run('revoke', eventBridge({ token: leak.token }));
      },
    ],
    [
      'a secret that holds something else',
      async (leak) => {
        sandbox.secrets.put(sandbox.secretIds.admin, `{"tokn": "${leak.token}"}`);
        await run('revoke', { ...ids(leak) });
      },
    ],
    ['a sweep of keys that are named like their tokens', (leak) => sweepNamed(leak)],
    [
      'a sweep of alerts',
      async (leak) => {
        const secret = leak.token;
        sandbox.github.createAlert({ secret, repo: 'api', created_at: '2026-11-20T08:00:00Z' });
        await run('sweep-alerts', {});
      },
    ],
    [
      'what a thief wrote into titles, links, schedules and the audit log',
      async (leak) => {
        plant(leak);
        await run('revoke', { github_alert: leak.alert }, { AFTERMATH: 'report' }, 29_000);
        expect(sandbox.s3.objects('records/').some(({ key }) => key.endsWith('/75-aftermath.json'))).toBe(
          true,
        );
      },
    ],
    [
      'the same, where sessions are ended and keys chased',
      async (leak) => {
        plant(leak);
        await run('revoke', { ...ids(leak), token: leak.token }, { AFTERMATH: 'terminate' }, 29_000);
        expect(sandbox.devin.requests.some(({ operation }) => operation === 'terminateSession')).toBe(true);
      },
    ],
    [
      'parts of a token that is at hand, in titles, links and schedules',
      async (leak) => {
        const part = leak.token.slice(10, 22);
        plantText(leak, part);
        await run('revoke', { token: leak.token }, { AFTERMATH: 'report' }, 29_000);
        const record = sandbox.s3.objects('records/').find(({ key }) => key.endsWith('/75-aftermath.json'));
        expect(record?.body).toContain('see [redacted]');
      },
    ],
    [
      'an API that echoes it where it is asked what followed',
      async (leak) => {
        for (const operation of ['listEnterpriseSessions', 'listEnterpriseAuditLogs']) {
          sandbox.devin.fault({ operation, status: 403, body: { detail: leak.token }, times: 99 });
        }
        await run('revoke', { github_alert: leak.alert }, { AFTERMATH: 'report' }, 29_000);
      },
    ],
    [
      'a token instead of what an aftermath is asked for',
      (leak) =>
        run('revoke', { aftermath: { service_user_id: leak.token, since: leak.token, [leak.token]: 1 } }),
    ],
    ['a webhook that is not signed', (leak) => deliver(leak, 'unsigned')],
    ['a webhook that is signed and carries the token', (leak) => deliver(leak, 'signed')],
    ['a webhook that is signed and not JSON', (leak) => deliver(leak, 'broken')],
  ];

  test.each(paths)('%s', async (_, path) => {
    const leak = sandbox.leak();
    await path(leak);
    expectNoTrace(leak.token);
  });
});

describe('the check itself reads', () => {
  test("the alert's comment, the audit records and the SIEM's copies of them", async () => {
    await run('revoke', { github_alert: sandbox.leak().alert });

    expect(sent.github.find(({ request }) => request.startsWith('PATCH'))?.body).toContain(
      'resolution_comment',
    );
    const copies = sent.siem.map(({ body }) => JSON.parse(body).status_code);
    expect(copies).toEqual(['intent', 'intent', 'alert_closed', 'revoked']);
    expect(sandbox.s3.objects('records/').map(({ body }) => JSON.parse(body).status_code)).toEqual(copies);
  });

  test('the notification and the plan of a sweep, and the report on the queue', async () => {
    await sweepNamed(sandbox.leak());

    expect(sent.sns.map(({ body }) => new URLSearchParams(body).get('Subject'))).toEqual([
      '1 API key expires soon',
      expect.stringContaining(': enforce'),
    ]);
    expect(sandbox.s3.objects('plans/').length).toBeGreaterThan(0);
    expect(sandbox.sqs.backlogSent()).toHaveLength(1);
  });

  test.each(SERVICES)('what is sent to %s, so that a token in it is found', async (name) => {
    const { token } = sandbox.leak();
    expect(tracesOf(token)).toEqual([]);
    const { url } = { ...sandbox, siem, sns }[name];
    await fetch(url, { method: 'POST', body: `resolved: ${token.slice(6, 14)}` });
    expect(tracesOf(token)).not.toEqual([]);
  });
});

test('the check itself finds a token in any of its forms', () => {
  const token = sandbox.leak().token;
  for (const form of [
    token,
    token.slice(10, 18),
    Buffer.from(`Bearer ${token}`).toString('base64'),
    Buffer.from(token).toString('hex'),
  ]) {
    expect(forms(token).some((part) => form.includes(part))).toBe(true);
  }
});

const ids = ({ api_key_id, service_user_id }: { api_key_id: string; service_user_id: string }) => ({
  api_key_id,
  service_user_id,
});

/** Sweeps one key that expires soon and one that is expired; they and their owner have a token in their names. */
async function sweepNamed({ token }: ReturnType<Sandbox['leak']>): Promise<void> {
  const now = Math.floor(Date.now() / 1_000);
  const name = `ci ${token}`;
  const { service_user_id } = sandbox.devin.createServiceUser({ name });
  sandbox.devin.createKey(service_user_id, { name, created_at: now, expires_at: now + 86_400 });
  sandbox.devin.createKey(service_user_id, { name, created_at: 1, expires_at: now - 1 });
  await run('sweep-keys', {}, { SWEEP_MODE: 'enforce', SWEEP_MAX_RATIO: '1' });
}

function wrongEverywhere(token: string): object {
  return {
    service_user_id: `service-user-${token}`,
    api_key_id: [token],
    token: { token },
    github_alert: { owner: token, repo: `../${token}`, number: token },
    reason: 7,
    dry_run: token,
    [token]: token,
  };
}

/** The token in every text that a thief can write, and a session that runs. */
function plant({ service_user_id, token }: ReturnType<Sandbox['leak']>): void {
  const { devin } = sandbox;
  devin.startSession({
    service_user_id,
    title: `see ${token}`,
    url: `https://app.devin.ai/sessions/${token}?t=${token}#${token}`,
    pull_requests: [`https://github.com/acme/${token}/pull/1`, `https://${token}@github.com/acme/webshop`],
    as_user: token,
  });
  devin.createSchedule({ created_by: service_user_id, name: token, frequency: token, prompt: token });
  const data = { api_key_id: token, service_user_id: `service-user-${token}`, secret_id: token, name: token };
  for (const action of ['create_service_user_api_key', 'create_secret', 'create_playbook', token]) {
    devin.act({ service_user_id, action, data: { ...data, nested: data }, org_id: token });
  }
}

/** A text in what is shown of sessions and schedules. */
function plantText({ service_user_id }: ReturnType<Sandbox['leak']>, text: string): void {
  const { devin } = sandbox;
  devin.startSession({
    service_user_id,
    title: `see ${text}`,
    url: `https://app.devin.ai/sessions/${text}`,
    pull_requests: [`https://github.com/acme/${text}/pull/1`],
  });
  devin.createSchedule({ created_by: service_user_id, name: text, frequency: text, prompt: text });
}

async function deliver(
  leak: ReturnType<Sandbox['leak']>,
  how: 'unsigned' | 'signed' | 'broken',
): Promise<void> {
  const { signedDelivery } = await import('../sandbox/github.ts');
  const payload = { ...sandbox.github.payload(leak.alert), secret: leak.token, note: leak.token };
  const body = Buffer.from(how === 'broken' ? `{"secret": "${leak.token}"` : JSON.stringify(payload));
  const signed = signedDelivery(body, how === 'unsigned' ? leak.token : sandbox.webhookSecret, {
    'X-GitHub-Event': 'secret_scanning_alert',
    'X-Token': leak.token,
  });
  const headers = Object.fromEntries(
    Object.entries(signed.headers).map(([name, value]) => [name.toLowerCase(), value]),
  );
  await run('webhook', {
    version: '2.0',
    rawPath: '/',
    rawQueryString: '',
    headers,
    requestContext: { http: { method: 'POST', path: '/' } },
    body: body.toString(),
    isBase64Encoded: false,
  });
}
