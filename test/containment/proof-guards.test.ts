import { describe, expect, test } from 'vitest';
import type { Devin } from '../../lib/clients/devin.ts';
import type { ApiKey, KeyListing, Probe } from '../../lib/clients/devin-shapes.ts';
import { type ProofOptions, proveDead, proveTokenDead } from '../../lib/containment/prove-dead.ts';
import { Token } from '../../lib/domain/token.ts';

// What a proof demands, each guard by itself, against an API that answers at once.

const ALIVE: Probe = { state: 'alive', principal: { principal_type: 'service_user' } };
const DEAD: Probe = { state: 'dead' };
const UNKNOWN: Probe = { state: 'unknown', reason: 'HTTP 503', status: 503, isTransient: true };
const token = new Token('token');

interface World {
  /** By the number of the probe, from 1. */
  readonly token?: (probe: number) => Probe;
  readonly admin?: (probe: number) => Probe;
  readonly listing?: (call: number) => KeyListing;
}

function api({ admin = () => ALIVE, listing, token: own = () => DEAD }: World) {
  const counts = { token: 0, admin: 0, listings: 0, ownConnections: 0 };
  const devin: Devin = {
    async probe(_token, _retry, how) {
      counts.token += 1;
      if (how?.ownConnection) counts.ownConnections += 1;
      return own(counts.token);
    },
    async probeAdmin() {
      counts.admin += 1;
      return admin(counts.admin);
    },
    async listKeys() {
      counts.listings += 1;
      return listing?.(counts.listings) ?? expect.fail('nothing is to be listed');
    },
    revokeKey: () => expect.fail('nothing is to be revoked'),
  };
  return { devin, counts };
}

const options = (given: Partial<ProofOptions> = {}): ProofOptions => ({
  windowMs: 500,
  deadline: Date.now() + 20_000,
  control: true,
  ...given,
});

describe('a token', () => {
  test('is proven dead by three 401, each on a connection of its own beside a working admin token', async () => {
    const { counts, devin } = api({});
    const proof = await proveTokenDead(devin, token, options());

    expect(proof).toMatchObject({ status: 'dead', proof: { method: 'token', probes: 3 } });
    expect(counts).toEqual({ token: 3, admin: 3, listings: 0, ownConnections: 3 });
  });

  test.each<[string, World, string]>([
    ['while the admin token gets no answer', { admin: () => UNKNOWN }, 'unproven'],
    ['while the admin token is answered 401 too', { admin: () => DEAD }, 'unproven'],
    ['by answers that prove nothing', { token: () => UNKNOWN }, 'unproven'],
    ['while it works', { token: () => ALIVE }, 'alive'],
    ['while it works now and then', { token: (probe) => (probe % 2 === 0 ? ALIVE : DEAD) }, 'alive'],
    [
      'while the admin token works now and then',
      { admin: (probe) => (probe % 2 === 0 ? ALIVE : DEAD) },
      'unproven',
    ],
  ])('is not proven dead %s', async (_, world, status) => {
    expect(await proveTokenDead(api(world).devin, token, options())).toMatchObject({ status });
  });

  test('is proven dead although no answer between others is asked for again', async () => {
    const { counts, devin } = api({ token: (probe) => (probe === 3 ? UNKNOWN : DEAD) });

    const proof = await proveTokenDead(devin, token, options({ windowMs: 5_000 }));
    expect(proof).toMatchObject({ status: 'dead', proof: { probes: 3 } });
    expect(counts).toMatchObject({ token: 4, admin: 3 });
  });

  test('is not proven dead by three 401 of one moment, which were asked for one after the other', async () => {
    // The first looks begin 150 ms apart.
    const later = (probe: number): Probe => ({ ...UNKNOWN, retryAfterMs: 300 - 150 * (probe - 1) });
    const { devin } = api({ token: (probe) => (probe <= 3 ? later(probe) : DEAD) });

    const proof = await proveTokenDead(devin, token, options({ windowMs: 5_000 }));
    expect(proof).toMatchObject({ status: 'dead', proof: { probes: expect.toSatisfy((n) => n > 3) } });
  });

  test('is not asked for again after an answer that is no transient one', async () => {
    const { counts, devin } = api({ token: () => ({ ...UNKNOWN, isTransient: false }) });

    expect(await proveTokenDead(devin, token, options({ windowMs: 200 }))).toMatchObject({
      status: 'unproven',
    });
    expect(counts.token).toBeLessThanOrEqual(3);
  });

  test('that is our only admin token is proven dead without a control', async () => {
    const { counts, devin } = api({ admin: () => DEAD });

    expect(await proveTokenDead(devin, token, options({ control: false }))).toMatchObject({ status: 'dead' });
    expect(counts.admin).toBe(0);
  });

  test('is not looked at again once it is seen alive, where that is enough', async () => {
    const { counts, devin } = api({ token: () => ALIVE });

    const proof = await proveTokenDead(devin, token, options({ untilAlive: true, windowMs: 5_000 }));
    expect(proof).toMatchObject({ status: 'alive', isMixed: false });
    expect(counts.token).toBe(1);
  });

  test.each<[string, World]>([
    ['that lives', { token: () => ALIVE }],
    ['of which nothing can be seen', { token: () => UNKNOWN }],
    ['that is dying', { token: (probe) => (probe < 3 ? ALIVE : DEAD) }],
  ])('%s is not looked at beyond the time of the invocation', async (_, world) => {
    const began = performance.now();
    const deadline = Date.now() + 700;
    const proof = await proveTokenDead(api(world).devin, token, options({ deadline, windowMs: 20_000 }));

    expect(proof.status).not.toBe('dead');
    expect(performance.now() - began).toBeLessThan(2_500);
  });
});

describe('a key without a token', () => {
  const subject = { service_user_id: 'service-user-a', api_key_id: 'key-a' };
  const entry = (given: Partial<ApiKey> = {}): ApiKey => ({
    api_key_id: 'key-a',
    api_key_name: 'ci',
    created_at: 1,
    is_active: false,
    ...given,
  });
  const shown = (...keys: ApiKey[]): KeyListing => ({ ok: true, keys });

  test.each<[string, KeyListing, object]>([
    [
      'is dead when it is listed as inactive',
      shown(entry()),
      { status: 'dead', proof: { method: 'listing' } },
    ],
    [
      'is alive while it is listed as active',
      shown(entry({ is_active: true })),
      { status: 'alive', isMixed: false },
    ],
    [
      'is not proven dead by a listing without it',
      shown(entry({ api_key_id: 'key-b' })),
      { status: 'unproven' },
    ],
    [
      'is not proven dead by a refusal',
      { ok: false, reason: 'HTTP 503', status: 503, retryable: true },
      { status: 'unproven', isAdminRefused: false },
    ],
    [
      'is not proven dead by a refusal of the admin token, which is told apart',
      { ok: false, reason: 'HTTP 401', status: 401, retryable: true },
      { status: 'unproven', isAdminRefused: true },
    ],
  ])('%s', async (_, listing, expected) => {
    const { devin } = api({ listing: () => listing });

    expect(await proveDead(devin, subject, options({ windowMs: 300 }))).toMatchObject(expected);
  });

  test('is looked at again while its revocation does not show', async () => {
    const { devin } = api({ listing: (call) => shown(entry({ is_active: call < 3 })) });

    expect(await proveDead(devin, subject, options({ windowMs: 5_000 }))).toMatchObject({
      status: 'dead',
      proof: { probes: 3 },
    });
  });

  test('is not looked at beyond the time of the invocation', async () => {
    const began = performance.now();
    const { devin } = api({ listing: () => shown(entry({ is_active: true })) });
    const proof = await proveDead(devin, subject, options({ deadline: Date.now() + 300, windowMs: 20_000 }));

    expect(proof.status).toBe('alive');
    expect(performance.now() - began).toBeLessThan(1_500);
  });
});
