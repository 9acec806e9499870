import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { selfSigned } from '../../sandbox/certificate.ts';
import { type Sandbox, startSandbox } from '../../sandbox/index.ts';
import { type Front, startFront } from '../../sandbox/tls-front.ts';
import { captureOutput, loadHandler, type Output } from '../support/load-handler.ts';

// A connection made when it is needed costs a report two more trips to the service. Nothing of the first round is
// answered here until all the connections are there that the later rounds use.

/** Connections to Devin that are kept: for the first use of the token, the DELETE beside the listing, the controls. */
const KEPT = 3;
/** Connections to Devin that carry one probe each. */
const PROBES = 3;

const certificate = selfSigned();
let sandbox: Sandbox;
let fronts: { devin: Front; s3: Front };
let output: Output;

beforeAll(() => setDefaultCACertificates([...getCACertificates('default'), certificate.cert]));
beforeEach(async () => {
  sandbox = await startSandbox();
  const [devin, s3] = await Promise.all(
    [sandbox.devin, sandbox.s3].map(({ url }) => startFront(url, certificate)),
  );
  if (devin === undefined || s3 === undefined) throw new Error('a front is missing');
  fronts = { devin, s3 };
  output = captureOutput();
});
afterEach(async () => {
  output.restore();
  fronts.devin.stop();
  fronts.s3.stop();
  await sandbox.stop();
});

const loadWorker = () =>
  loadHandler('revoke', sandbox.env({ DEVIN_API_URL: fronts.devin.url, AWS_ENDPOINT_URL_S3: fronts.s3.url }));

/** Holds the first request of a service back until so many connections were made to it. */
function holdUntil(server: { onArrival?: unknown }, front: Front, count: number): void {
  let isFirst = true;
  server.onArrival = async () => {
    if (!isFirst) return;
    isFirst = false;
    await vi.waitFor(() => expect(front.connections()).toBe(count), { timeout: 10_000 });
  };
}

describe('a new worker has all its connections while the first answers are on their way', () => {
  test('for a key by its ids with its token', async () => {
    const { api_key_id, service_user_id, token } = sandbox.leak();
    holdUntil(sandbox.devin, fronts.devin, KEPT + PROBES);
    holdUntil(sandbox.s3, fronts.s3, 3);
    const revoke = await loadWorker();
    expect(await revoke({ api_key_id, service_user_id, token })).toMatchObject({ status: 'revoked' });
    expect([fronts.devin.connections(), fronts.s3.connections()]).toEqual([KEPT + PROBES, 3]);
  });

  test('for a GitHub alert', async () => {
    const { alert, token } = sandbox.leak();
    holdUntil(sandbox.github, fronts.s3, 3);
    const revoke = await loadWorker();
    expect(await revoke({ github_alert: alert })).toMatchObject({ status: 'revoked' });
    expect(sandbox.devin.isLive(token)).toBe(false);
    expect([fronts.devin.connections(), fronts.s3.connections()]).toEqual([KEPT - 1 + PROBES, 3]);
  });
});

test('a warm worker makes no more than those of its probes', async () => {
  holdUntil(sandbox.devin, fronts.devin, KEPT + PROBES);
  holdUntil(sandbox.s3, fronts.s3, 3);
  const revoke = await loadWorker();
  for (let count = 0; count < 3; count++) {
    const { api_key_id, service_user_id, token } = sandbox.leak();
    expect(await revoke({ api_key_id, service_user_id, token })).toMatchObject({ status: 'revoked' });
  }
  expect([fronts.devin.connections(), fronts.s3.connections()]).toEqual([KEPT + 3 * PROBES, 3]);
});

test('a warm worker whose connections were broken makes new ones while the first answers are on their way', async () => {
  holdUntil(sandbox.devin, fronts.devin, KEPT + PROBES);
  holdUntil(sandbox.s3, fronts.s3, 3);
  const revoke = await loadWorker();
  const first = sandbox.leak();
  const ids = ({ api_key_id, service_user_id, token }: typeof first) => ({
    api_key_id,
    service_user_id,
    token,
  });
  expect(await revoke(ids(first))).toMatchObject({ status: 'revoked' });
  for (const front of Object.values(fronts)) front.drop();
  // Until the worker has seen it.
  await new Promise((resolve) => setTimeout(resolve, 50));

  holdUntil(sandbox.devin, fronts.devin, 2 * (KEPT + PROBES));
  holdUntil(sandbox.s3, fronts.s3, 6);
  expect(await revoke(ids(sandbox.leak()))).toMatchObject({ status: 'revoked' });
  expect([fronts.devin.connections(), fronts.s3.connections()]).toEqual([2 * (KEPT + PROBES), 6]);
});
