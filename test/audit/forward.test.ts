import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Outcome } from '../../lib/domain/outcome.ts';
import { type SandboxServer, startServer } from '../../sandbox/http-server.ts';
import { type Sandbox, startSandbox } from '../../sandbox/index.ts';
import { captureOutput, loadHandler } from '../support/load-handler.ts';

let sandbox: Sandbox;
let siem: SandboxServer;
let received: { path: string; header: unknown; record: Record<string, unknown> & { status_code: string } }[];
let output: ReturnType<typeof captureOutput>;

beforeEach(async () => {
  output = captureOutput();
  received = [];
  sandbox = await startSandbox({ sqs: false });
  siem = await startServer({
    handle: ({ body, headers, path }) => {
      received.push({ path, header: headers['x-siem'], record: JSON.parse(body.toString()) });
      return { status: 202 };
    },
  });
  sandbox.secrets.put('siem', JSON.stringify({ header: 'X-Siem', value: 'hush' }));
});
afterEach(async () => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  await Promise.all([sandbox.stop(), siem.stop()]);
});

const load = () =>
  loadHandler('revoke', {
    ...sandbox.env(),
    LEAK_QUEUE_URL: '',
    AUDIT_HTTP_URL: `${siem.url}/ingest?source=devin`,
    AUDIT_HTTP_SECRET_ID: 'siem',
  });
const codes = () => received.map(({ record }) => record.status_code);
const outcomes = () => sandbox.s3.objects('records/').filter(({ key }) => key.endsWith('/90-outcome.json'));

function message(leak: ReturnType<Sandbox['leak']>, count: number) {
  const { number, owner, repo } = leak.alert;
  const report = {
    version: 1,
    report_id: 'github/acme/webshop/1',
    detector: 'github',
    invoked_by: 'webhook',
    reported_at: Date.now(),
    seen_at: Date.now(),
    leak: { kind: 'github_alert', owner, repo, number },
  };
  const attributes = { ApproximateReceiveCount: String(count) };
  const record = { messageId: 'm-1', body: JSON.stringify(report), eventSource: 'aws:sqs', attributes };
  return { Records: [record] };
}

describe('a SIEM', () => {
  test('gets each record after it is stored, with the header of the secret', async () => {
    const leak = sandbox.leak();
    const answer = await (await load())(message(leak, 1));

    expect(answer).toEqual({ batchItemFailures: [] });
    expect(codes()).toEqual(['intent', 'alert_closed', 'revoked']);
    expect(received.every(({ header, path }) => header === 'hush' && path === '/ingest')).toBe(true);
    expect(received.map(({ record }) => record)).toEqual(
      expect.arrayContaining(sandbox.s3.objects('records/').map(({ body }) => JSON.parse(body))),
    );
    expect(output.text()).not.toContain('hush');
    expect(JSON.stringify(sandbox.s3.objects())).not.toContain('hush');
  });

  test('that is down brings the message back, with the key dead and without a second outcome', async () => {
    const leak = sandbox.leak();
    siem.fault({ status: 503, times: 1 });

    expect(await (await load())(message(leak, 1))).toEqual({
      batchItemFailures: [{ itemIdentifier: 'm-1' }],
    });
    expect(sandbox.devin.isLive(leak.token)).toBe(false);
    expect(outcomes()).toHaveLength(1);

    const before = outcomes();
    expect(await (await load())(message(leak, 2))).toEqual({ batchItemFailures: [] });
    expect(codes()).toEqual(['intent', 'alert_closed', 'revoked']);
    expect(outcomes()).toEqual(before);
  });

  test('that hangs costs nothing before the alert is closed, and a warm container leaves it alone for a while', async () => {
    const first = sandbox.leak();
    siem.fault({ delayMs: 60_000, times: Number.POSITIVE_INFINITY });
    const handler = await load();
    const started = Date.now();
    let deletedAt = 0;
    sandbox.devin.onRequest = ({ operation }) => {
      if (operation === 'revokeServiceUserApiKey') deletedAt = Date.now();
    };
    await handler(message(first, 1));
    expect(deletedAt - started).toBeLessThan(1_000);

    const second = sandbox.leak();
    const { api_key_id, service_user_id } = second;
    const again = Date.now();
    const answer = (await handler({ service_user_id, api_key_id })) as Outcome;
    expect(answer).toMatchObject({ status: 'revoked', recorded: true, forwarded: false });
    expect(Date.now() - again).toBeLessThan(1_000);
  });
});
