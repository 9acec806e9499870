import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Outcome } from '../../lib/domain/outcome.ts';
import { type Sandbox, startSandbox } from '../../sandbox/index.ts';
import { alertOf } from '../../sandbox/observe.ts';
import { captureOutput, type Handler, loadHandler, type Output } from '../support/load-handler.ts';

// What is taken as the death of a token, through the exported handler.

let sandbox: Sandbox;
let output: Output;
let revoke: Handler<'revoke'>;

beforeEach(async () => {
  sandbox = await startSandbox({ sqs: false });
  output = captureOutput();
  revoke = await loadHandler('revoke', sandbox.env({ LEAK_QUEUE_URL: undefined, PROOF_WINDOW_SECONDS: '1' }));
});
afterEach(async () => {
  output.restore();
  await sandbox.stop();
});

const invoke = async (event: unknown) => (await revoke(event)) as Outcome;
const selfCalls = () => sandbox.devin.requests.filter(({ operation }) => operation === 'getSelf');

describe('a stray 401', () => {
  test('on the first use of a live token does not end its containment', async () => {
    const leak = sandbox.leak();
    sandbox.devin.fault({ operation: 'getSelf', status: 401 });

    expect(await invoke({ github_alert: leak.alert })).toMatchObject({
      status: 'revoked',
      api_key_id: leak.api_key_id,
      alert: { closed: true },
    });
    expect(sandbox.devin.isLive(leak.token)).toBe(false);
  });

  test('after the DELETE does not prove a token dead that still works', async () => {
    const leak = sandbox.leak();
    sandbox.devin.revocationLagMs = Number.POSITIVE_INFINITY;
    sandbox.devin.onRequest = ({ operation }) => {
      if (operation === 'revokeServiceUserApiKey') sandbox.devin.fault({ operation: 'getSelf', status: 401 });
    };

    expect(await invoke({ token: leak.token })).toMatchObject({ status: 'still_alive' });
    expect(alertOf(sandbox, leak.alert)?.state).toBe('open');
  });
});

test('three 401, each on a connection of its own with a control beside it, prove a token dead', async () => {
  const leak = sandbox.leak();
  let before = 0;
  sandbox.devin.onRequest = ({ operation }) => {
    if (operation === 'revokeServiceUserApiKey') before = sandbox.devin.requests.length;
  };

  expect(await invoke({ token: leak.token })).toMatchObject({
    status: 'revoked',
    proof: { method: 'token', probes: 3, spread_ms: expect.any(Number) },
  });

  const after = selfCalls().filter((entry) => sandbox.devin.requests.indexOf(entry) >= before);
  const probes = after.filter(({ status }) => status === 401);
  const others = sandbox.devin.requests.filter((entry) => !probes.includes(entry));
  expect(after.map(({ status }) => status).sort()).toEqual([200, 200, 200, 401, 401, 401]);
  expect(new Set(probes.map(({ connection }) => connection)).size).toBe(3);
  expect(others.map(({ connection }) => connection)).not.toContain(probes[0]?.connection);
  expect((probes[2]?.at ?? 0) - (probes[0]?.at ?? 0)).toBeGreaterThanOrEqual(250);
});

test.each([
  [429, 'the token', true],
  [429, 'its control', false],
  [503, 'the token', true],
  [503, 'its control', false],
  ['hang up', 'the token', true],
  ['hang up', 'its control', false],
] as const)(
  '%s instead of an answer to a probe of %s costs that request alone',
  async (fault, _who, isOfToken) => {
    const leak = sandbox.leak();
    let probes = Number.NEGATIVE_INFINITY;
    sandbox.devin.onRequest = ({ operation }) => {
      if (operation === 'revokeServiceUserApiKey') probes = 0;
    };
    // The third one.
    sandbox.devin.onArrival = (_entry, { headers }) =>
      (headers.authorization === `Bearer ${leak.token}`) === isOfToken && ++probes === 3 ? fault : undefined;

    expect(await invoke({ token: leak.token })).toMatchObject({ status: 'revoked', proof: { probes: 3 } });

    const { requests } = sandbox.devin;
    const deletedAt = requests.findIndex(({ operation }) => operation === 'revokeServiceUserApiKey');
    const uses = requests.slice(deletedAt).filter(({ operation }) => operation === 'getSelf');
    const answers = uses.map(({ status }) => status).filter((status) => status === 200 || status === 401);
    expect(answers.sort()).toEqual([200, 200, 200, 401, 401, 401]);
    expect(uses).toHaveLength(7);
  },
);

describe('nodes that cache what they accepted', () => {
  test('are never taken for a revocation while one of them still answers 200', async () => {
    const leak = sandbox.leak();
    Object.assign(sandbox.devin, { nodes: 4, nodeCacheMs: 700 });
    sandbox.devin.useEverywhere(leak.token);

    const answer = await invoke({ github_alert: leak.alert });

    expect(sandbox.devin.acceptedBy(leak.token)).toBe(0);
    expect(answer).toMatchObject({ status: 'revoked', alert: { closed: true } });
    expect(answer).toMatchObject({ proof: { spread_ms: expect.any(Number) } });
  });

  test('keep the alert open when their caches outlive the proof window', async () => {
    const leak = sandbox.leak();
    Object.assign(sandbox.devin, { nodes: 4, nodeCacheMs: 30_000 });
    sandbox.devin.useEverywhere(leak.token);

    expect(await invoke({ github_alert: leak.alert })).toMatchObject({ status: 'still_alive' });
    expect(alertOf(sandbox, leak.alert)?.state).toBe('open');
  });

  test('do not let a token that somebody else revoked pass for dead', async () => {
    const leak = sandbox.leak();
    Object.assign(sandbox.devin, { nodes: 4, nodeCacheMs: 30_000 });
    sandbox.devin.useEverywhere(leak.token);
    sandbox.devin.revoke(leak.api_key_id);

    expect(await invoke({ github_alert: leak.alert })).toMatchObject({ status: 'still_alive' });
  });
});
