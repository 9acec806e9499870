import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { toEvent } from '../../sandbox/function-url.ts';
import { signedDelivery } from '../../sandbox/github-delivery.ts';
import { type Sandbox, startSandbox } from '../../sandbox/index.ts';
import { enrol } from '../support/enrol.ts';
import { captureOutput, loadHandler, type Output } from '../support/load-handler.ts';
import { expectRounds } from './expect-rounds.ts';

// Every round costs the latency of a service: these are all the requests of a cold container, and which of them go out
// together. A request more, or one that waits for another without need, is a slower revocation.

const ADMIN = 'POST GetSecretValue admin-token AWSCURRENT';
const SELF = 'GET getSelf';
const LIST = 'GET listServiceUserApiKeys';
const DELETE = 'DELETE revokeServiceUserApiKey';
const PUT = 'PUT PutObject';
const GET = 'GET GetObject';
/** Three probes, each with its control: a little apart, and none waits for the answer to another. */
const PROOF = Array.from({ length: 6 }, () => SELF);
/** The registry is looked up beside the token, and whose service users are ours beside the listing. */
const BY_TOKEN = [[SELF, ADMIN, GET], [LIST, SELF, PUT], [DELETE, PUT], PROOF, [PUT, PUT]];
/** What follows the outcome by default; nothing of it may come before. */
const AFTERMATH = [[GET], ['GET listEnterpriseSessions', 'GET listEnterpriseAuditLogs', LIST], [PUT]];

let sandbox: Sandbox;
let output: Output;

beforeAll(async () => {
  sandbox = await startSandbox();
});
afterAll(() => sandbox.stop());
beforeEach(() => {
  output = captureOutput();
});
afterEach(() => output.restore());

describe('the worker, cold,', () => {
  test('takes four rounds for a key by its ids with its token', async () => {
    const { api_key_id, service_user_id, token } = sandbox.leak();
    const rounds = [[PUT, SELF, ADMIN], [DELETE, PUT, LIST], PROOF, [PUT, PUT]];
    await revokes({ api_key_id, service_user_id, token }, rounds);
  });

  test('takes four rounds for a key by its ids alone', async () => {
    const { api_key_id, service_user_id } = sandbox.leak();
    await revokes({ api_key_id, service_user_id }, [[PUT, ADMIN], [DELETE, PUT, LIST], [LIST], [PUT]]);
  });

  test('takes five rounds for a token', async () => {
    const { token } = sandbox.leak();
    await revokes({ token }, BY_TOKEN);
  });

  test('takes eight rounds for a GitHub alert', async () => {
    const { alert } = sandbox.leak();
    await revokes({ github_alert: alert }, [
      [ADMIN, 'POST GetSecretValue github-token AWSCURRENT'],
      ['GET getAlert'],
      [SELF, GET],
      [LIST, SELF, PUT],
      [DELETE, PUT],
      PROOF,
      ['PATCH updateAlert'],
      [PUT, PUT, PUT],
    ]);
  });
});

describe('a token that is known before it leaks', () => {
  test('takes no round more among twenty busy keys than the only key, and no search', async () => {
    const leak = sandbox.leak({ keys: 21 });
    const { api_key_id, service_user_id, token } = leak;
    const busy = setInterval(() => {
      for (const other of leak.others) sandbox.devin.use(other.token);
    }, 20);
    expectRounds(sandbox, []);
    await enrol(sandbox, { service_user_id, api_key_id, token });

    try {
      await revokes({ token }, BY_TOKEN);
    } finally {
      clearInterval(busy);
    }
    expect(sandbox.devin.key(api_key_id)?.is_active).toBe(false);
    expect(leak.others.every((other) => sandbox.devin.isLive(other.token))).toBe(true);
  });
});

describe('the worker, warm,', () => {
  test('does not read the admin token again', async () => {
    const { api_key_id, service_user_id, token } = sandbox.leak();
    expectRounds(sandbox, []);
    const revoke = await loadHandler('revoke', sandbox.env());
    await revoke({ api_key_id, service_user_id, token });
    const next = sandbox.leak();
    const rounds = [[PUT, SELF], [DELETE, PUT, LIST], PROOF, [PUT, PUT]];
    const seen = expectRounds(sandbox, rounds);
    await revoke({
      api_key_id: next.api_key_id,
      service_user_id: next.service_user_id,
      token: next.token,
    });
    expect(seen()).toEqual(rounds.map((names) => names.toSorted()));
  });
});

describe('the webhook, cold,', () => {
  test('takes two rounds for a delivery', async () => {
    const { alert } = sandbox.leak();
    const body = JSON.stringify(sandbox.github.payload(alert));
    const delivery = signedDelivery(body, sandbox.webhookSecret);
    const request = { ...delivery, method: 'POST', path: '/', query: new URLSearchParams(), rawQuery: '' };
    const rounds = [['POST GetSecretValue webhook-secret AWSCURRENT'], ['POST SendMessage']];
    const seen = expectRounds(sandbox, rounds);
    const receive = await loadHandler('webhook', sandbox.env());
    expect(await receive(toEvent(request))).toMatchObject({ statusCode: 202 });
    expect(seen()).toEqual(rounds);
  });
});

async function revokes(event: object, rounds: string[][]): Promise<void> {
  const all = [...rounds, ...AFTERMATH];
  const seen = expectRounds(sandbox, all);
  const revoke = await loadHandler('revoke', sandbox.env({ AFTERMATH: undefined }));
  expect(await revoke(event)).toMatchObject({ status: 'revoked', recorded: true });
  expect(seen()).toEqual(all.map((names) => names.toSorted()));
}
