import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Outcome } from '../../lib/domain/outcome.ts';
import { type Sandbox, startSandbox } from '../../sandbox/index.ts';
import { deletedKeys } from '../../sandbox/observe.ts';
import { enrol } from '../support/enrol.ts';
import { captureOutput, lambdaContext, loadHandler, type Output } from '../support/load-handler.ts';

// What no verdict passes: an incomplete listing, and our own keys.

let sandbox: Sandbox;
let output: Output;

beforeEach(async () => {
  sandbox = await startSandbox({ sqs: false });
  output = captureOutput();
});
afterEach(async () => {
  output.restore();
  await sandbox.stop();
});

async function invoke(event: unknown, env: Record<string, string> = {}): Promise<Outcome> {
  const settings = { PROOF_WINDOW_SECONDS: '1', SEARCH_SECONDS: '0', ...env };
  const revoke = await loadHandler('revoke', sandbox.env(settings));
  return (await revoke(event, lambdaContext())) as Outcome;
}

describe('an incomplete listing', () => {
  const first = (item: object) => ({ items: [item], has_next_page: true, end_cursor: 'a' });

  test.each<[string, (item: object) => (object | string)[]]>([
    ['promises a next page without a cursor', (item) => [{ items: [item], has_next_page: true }]],
    ['goes in a circle', (item) => [first(item), { items: [], has_next_page: true, end_cursor: 'a' }]],
    ['shows fewer keys than its total', (item) => [{ items: [item], has_next_page: false, total: 2 }]],
    ['shows a key twice', (item) => [{ items: [item, item], has_next_page: false }]],
    ['breaks off', (item) => [first(item), '<html>']],
  ])('that %s names nobody: it is read again, and escalated', async (_, pagesOf) => {
    const leak = sandbox.leak({ keys: 2 });
    const innocent = sandbox.devin.key(leak.others[0]?.api_key_id ?? '');
    const pages = pagesOf({ ...innocent });
    for (const body of [...pages, ...pages, ...pages]) {
      sandbox.devin.fault({ operation: 'listServiceUserApiKeys', status: 200, body });
    }

    const answer = await invoke({ token: leak.token });

    expect(answer).toMatchObject({
      status: 'escalated',
      service_user_id: leak.service_user_id,
      reason: expect.stringMatching(/listing is incomplete|not the documented JSON/),
      next_step: expect.stringContaining('invoke the revoke function with'),
    });
    expect(deletedKeys(sandbox)).toEqual([]);
  });

  test('that is whole when it is read again names the key', async () => {
    const { api_key_id, token } = sandbox.leak();
    const body = { items: [], has_next_page: true };
    sandbox.devin.fault({ operation: 'listServiceUserApiKeys', status: 200, body });

    expect(await invoke({ token })).toMatchObject({ status: 'revoked', api_key_id });
  });

  test('clears nobody: a key that the API does not know is not taken to be absent', async () => {
    const { service_user_id } = sandbox.leak();
    const body = { items: [], has_next_page: true };
    sandbox.devin.fault({
      operation: 'listServiceUserApiKeys',
      status: 200,
      body,
      times: Number.POSITIVE_INFINITY,
    });

    const answer = await invoke({ service_user_id, api_key_id: 'key-of-another' });

    expect(answer).toMatchObject({ status: 'escalated', api_key_id: 'key-of-another' });
  });
});

describe('whose keys are ours', () => {
  /** The admin token's own call to GET /v3/self gets no answer. */
  function hideAdmin(): void {
    sandbox.devin.onArrival = ({ operation }, { headers }) =>
      operation === 'getSelf' && headers.authorization?.includes(sandbox.admin.token) ? 'hang up' : undefined;
  }

  test('has to be known before a key is revoked by inference', async () => {
    const { token } = sandbox.leak();
    hideAdmin();

    const answer = await invoke({ token });

    expect(answer).toMatchObject({
      status: 'failed',
      retryable: true,
      reason: expect.stringContaining('which service users are our own'),
    });
    expect(deletedKeys(sandbox)).toEqual([]);
  });

  test('has to be known of the standby token too', async () => {
    const { token } = sandbox.leak();
    sandbox.secrets.put('standby', sandbox.leak().token);
    const live = await invoke({ token }, { STANDBY_TOKEN_SECRET_ID: 'standby', DRY_RUN: 'true' });
    sandbox.secrets.put('standby', ['cog', 'x'.repeat(40)].join('_'));

    const answer = await invoke({ token }, { STANDBY_TOKEN_SECRET_ID: 'standby' });

    expect(live).toMatchObject({ status: 'rehearsed' });
    expect(answer).toMatchObject({ status: 'failed', retryable: true });
    expect(deletedKeys(sandbox)).toEqual([]);
  });

  test('does not matter for a key that is named by its ids', async () => {
    const { api_key_id, service_user_id, token } = sandbox.leak();
    hideAdmin();

    // The proof needs the admin token as well.
    await invoke({ api_key_id, service_user_id, token });

    expect(deletedKeys(sandbox)).toEqual([api_key_id]);
  });

  test('keeps the key of the standby token from being taken for that of its sibling', async () => {
    const { api_key_id, service_user_id, token } = sandbox.leak();
    const standby = sandbox.devin.createKey(service_user_id);
    sandbox.secrets.put('standby', standby.token);
    sandbox.devin.revocationLagMs = Number.POSITIVE_INFINITY;
    sandbox.devin.revoke(api_key_id);

    const answer = await invoke({ token }, { STANDBY_TOKEN_SECRET_ID: 'standby' });

    expect(answer).toMatchObject({
      status: 'escalated',
      reason: expect.stringContaining('our own service user'),
    });
    expect(deletedKeys(sandbox)).toEqual([]);
  });
});

describe('our only admin token, when it leaked among several keys,', () => {
  test('is escalated: each look at the listing would use it', async () => {
    sandbox.devin.createKey(sandbox.admin.service_user_id);

    const answer = await invoke({ token: sandbox.admin.token }, { SEARCH_SECONDS: '30' });

    expect(answer).toMatchObject({
      status: 'escalated',
      own_key: true,
      reason: expect.stringContaining('the only one that could tell them apart'),
    });
    expect(deletedKeys(sandbox)).toEqual([]);
  });

  test('is revoked when the registry knows its key', async () => {
    sandbox.devin.createKey(sandbox.admin.service_user_id);
    await enrol(sandbox, sandbox.admin);

    expect(await invoke({ token: sandbox.admin.token })).toMatchObject({
      status: 'revoked',
      own_key: true,
      attribution: { method: 'registry', confidence: 'certain' },
    });
    expect(deletedKeys(sandbox)).toEqual([sandbox.admin.api_key_id]);
  });
});

describe('the registry', () => {
  test('names a key at any number of siblings', async () => {
    const leak = sandbox.leak({ keys: 20 });
    await enrol(sandbox, leak);

    expect(await invoke({ token: leak.token })).toMatchObject({
      status: 'revoked',
      api_key_id: leak.api_key_id,
      attribution: { method: 'registry' },
    });
    expect(deletedKeys(sandbox)).toEqual([leak.api_key_id]);
  });

  test('is not believed when it names a key of another service user, or one that is not active', async () => {
    const leak = sandbox.leak({ keys: 2 });
    const other = sandbox.leak();
    await enrol(sandbox, { ...other, token: leak.token });
    expect(await invoke({ token: leak.token })).toMatchObject({ status: 'escalated' });

    const ended = sandbox.leak({ keys: 3 });
    const [dead] = ended.others;
    sandbox.devin.revoke(dead?.api_key_id ?? '');
    await enrol(sandbox, { ...ended, api_key_id: dead?.api_key_id ?? '' });
    expect(await invoke({ token: ended.token })).toMatchObject({ status: 'escalated' });
    expect(deletedKeys(sandbox)).toEqual([]);
  });

  test('does not name a sibling of our own key to be deleted', async () => {
    const sibling = sandbox.devin.createKey(sandbox.admin.service_user_id);
    await enrol(sandbox, sibling);

    const answer = await invoke({ token: sibling.token });

    expect(answer).toMatchObject({ status: 'escalated' });
    expect(answer.next_step).toContain(sibling.api_key_id);
    expect(deletedKeys(sandbox)).toEqual([]);
  });

  test('that cannot be read holds nothing back', async () => {
    const { api_key_id, token } = sandbox.leak();
    sandbox.s3.fault({ method: 'GET', status: 403, times: Number.POSITIVE_INFINITY });

    expect(await invoke({ token })).toMatchObject({ status: 'revoked', api_key_id });
  });
});
