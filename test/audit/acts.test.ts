import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { schemaFindings } from '../../cli/audit/verify/record-findings.ts';
import { type SandboxServer, startServer } from '../../sandbox/http-server.ts';
import { type Sandbox, startSandbox } from '../../sandbox/index.ts';
import { captureOutput, lambdaContext, loadHandler, type Output } from '../support/load-handler.ts';

let sandbox: Sandbox;
let siem: SandboxServer;
let received: string[];
let output: Output;

beforeEach(async () => {
  output = captureOutput();
  received = [];
  sandbox = await startSandbox();
  siem = await startServer({
    handle: ({ body }) => {
      received.push(body.toString());
      return { status: 202 };
    },
  });
});
afterEach(async () => {
  output.restore();
  vi.unstubAllEnvs();
  await Promise.all([sandbox.stop(), siem.stop()]);
});

const ALICE = 'alice@example.com';
async function sweep(event: object, env: Record<string, string> = {}) {
  const handler = await loadHandler('sweep-keys', sandbox.env({ AUDIT_HTTP_URL: siem.url, ...env }));
  const clientContext = { custom: { caller: ALICE } } as never;
  return handler(event, lambdaContext({ clientContext, awsRequestId: 'request-1' }));
}
const acts = (): { key: string; body: string }[] =>
  sandbox.s3.objects('records/').filter(({ key }) => key.endsWith('/10-act.json'));

describe('an order to the sweep by a person', () => {
  test.each([
    ['to stop', { stop: 'something is odd' }, { act: 'stop', reason: 'something is odd' }],
    ['to resume', { resume: 'all is well' }, { act: 'resume', reason: 'all is well' }],
    ['to run now', {}, { act: 'sweep', subject: expect.stringMatching(/^\d{8}T/) }],
    ['to rehearse', { dry_run: true }, { act: 'sweep' }],
  ])('%s is on record with who, when and why, and is forwarded', async (_, event, facts) => {
    const before = Date.now();
    await sweep(event);
    const [{ body, key } = expect.fail('no act')] = acts();

    expect(acts()).toHaveLength(1);
    expect(key).toMatch(/^records\/date=[\d-]{10}\/act\/request-1\/10-act\.json$/);
    expect(schemaFindings(key, body)).toEqual([]);
    expect(JSON.parse(body)).toMatchObject({
      actor: { invoked_by: 'console', user: { name: ALICE } },
      api: { request: { uid: 'request-1' } },
      unmapped: { kind: 'act', ...facts },
    });
    expect(JSON.parse(body).time).toBeGreaterThanOrEqual(before);
    expect(received).toContain(body);
  });

  test('to release a plan is on record before it is carried out', async () => {
    const plan_id = '20260730T030000Z-0a1b2c3d';
    await expect(sweep({ release: plan_id, reason: 'looked at it' })).rejects.toThrow('no such plan');

    expect(JSON.parse(acts()[0]?.body ?? '{}')).toMatchObject({
      unmapped: { kind: 'act', act: 'release', subject: plan_id, reason: 'looked at it' },
    });
  });

  test('does nothing when it cannot be put on record', async () => {
    sandbox.s3.fault({ operation: 'PutObject', status: 403, times: Number.POSITIVE_INFINITY });
    await expect(sweep({})).rejects.toMatchObject({ name: 'AuditStoreError' });

    expect(sandbox.devin.requests).toEqual([]);
  });

  test('keeps a token that its reason quotes out of the record', async () => {
    const token = `cog_${'canary'.repeat(6)}`;
    await sweep({ stop: `we saw ${token}` });

    expect(acts()[0]?.body).toContain('[redacted]');
    expect(JSON.stringify([received, sandbox.s3.objects('records/')])).not.toContain(token);
  });
});

describe('the record of a plan', () => {
  const planOf = () =>
    sandbox.s3.objects('records/').find(({ key }) => key.endsWith('/20-plan.json')) ?? expect.fail('no plan');

  test('names a person who started it, and is forwarded', async () => {
    await sweep({});

    expect(JSON.parse(planOf().body)).toMatchObject({ actor: { invoked_by: 'console' } });
    expect(received).toContain(planOf().body);
  });

  test('names the schedule otherwise, and there is no act', async () => {
    await sweep({ scheduled_at: new Date().toISOString() });

    expect(JSON.parse(planOf().body)).toMatchObject({ actor: { invoked_by: 'schedule' } });
    expect(acts()).toEqual([]);
  });
});
