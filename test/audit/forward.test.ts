import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Outcome } from '../../lib/domain/outcome.ts';
import { type SandboxServer, startServer } from '../../sandbox/http-server.ts';
import { type Sandbox, startSandbox } from '../../sandbox/index.ts';
import { outcomeObjects } from '../../sandbox/observe.ts';
import { alertReport, sqsEvent, sqsRecord } from '../../sandbox/sqs-event.ts';
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

const message = (leak: ReturnType<Sandbox['leak']>, receiveCount: number) =>
  sqsEvent(sqsRecord(alertReport(leak.alert), { messageId: 'm-1', receiveCount }));

describe('a SIEM', () => {
  test('gets each record after it is stored, with the header of the secret', async () => {
    const leak = sandbox.leak();
    const answer = await (await load())(message(leak, 1));

    expect(answer).toEqual({ batchItemFailures: [] });
    expect(codes()).toEqual(['intent', 'intent', 'alert_closed', 'revoked']);
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
    expect(outcomeObjects(sandbox)).toHaveLength(1);

    const before = outcomeObjects(sandbox);
    expect(await (await load())(message(leak, 2))).toEqual({ batchItemFailures: [] });
    expect(codes()).toEqual(['intent', 'intent', 'alert_closed', 'revoked']);
    expect(outcomeObjects(sandbox)).toEqual(before);
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
