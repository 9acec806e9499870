import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { httpForward } from '../../lib/audit/forward-to-siem.ts';
import { SecretError } from '../../lib/aws/secrets.ts';
import { type SandboxServer, startServer } from '../../sandbox/http-server.ts';
import { captureOutput } from '../support/load-handler.ts';

let siem: SandboxServer;
let headers: unknown[];

beforeEach(async () => {
  captureOutput();
  headers = [];
  siem = await startServer({
    handle: (request) => {
      headers.push(request.headers['x-siem']);
      return { status: 202 };
    },
  });
});
afterEach(async () => {
  vi.restoreAllMocks();
  vi.useRealTimers();
  await siem.stop();
});

const header = async () => JSON.stringify({ header: 'X-Siem', value: 'hush' });
const never = () => new Promise<string>(() => {});
const inMs = (ms: number) => Date.now() + ms;

/** What it returned, and after how many milliseconds. */
async function timed(post: Promise<boolean>) {
  const from = performance.now();
  return { accepted: await post, ms: performance.now() - from };
}

describe('a copy for the SIEM', () => {
  test('is posted with the header of the secret, which is read once', async () => {
    const read = vi.fn(header);
    const forward = httpForward(siem.url, read);
    expect([await forward.post('{}', inMs(5_000)), await forward.post('{}', inMs(5_000))]).toEqual([
      true,
      true,
    ]);
    expect(headers).toEqual(['hush', 'hush']);
    expect(read).toHaveBeenCalledTimes(1);
  });

  test.each<[string, () => void, () => Promise<string>]>([
    ['the SIEM hangs', () => siem.fault({ delayMs: 60_000 }), header],
    ['the secret cannot be read', () => {}, never],
  ])('returns at the deadline of the invocation when %s', async (_title, breakIt, read) => {
    breakIt();
    const { accepted, ms } = await timed(httpForward(siem.url, read).post('{}', inMs(300)));
    expect(accepted).toBe(false);
    expect(ms).toBeLessThan(1_000);
  });

  test.each<[string, () => void, () => Promise<string>]>([
    ['the SIEM hangs', () => siem.fault({ delayMs: 60_000 }), header],
    ['the secret cannot be read', () => {}, never],
  ])('returns after two seconds, however far the deadline is, when %s', async (_title, breakIt, read) => {
    breakIt();
    const { accepted, ms } = await timed(httpForward(siem.url, read).post('{}', inMs(60_000)));
    expect(accepted).toBe(false);
    expect(ms).toBeLessThan(3_000);
  });

  test('is posted again at once when too little time was left for the one before', async () => {
    siem.fault({ delayMs: 60_000 });
    const forward = httpForward(siem.url, header);
    expect(await forward.post('{}', inMs(100))).toBe(false);
    expect(await forward.post('{}', inMs(5_000))).toBe(true);
  });

  test('is not posted after the deadline, which is no fault of the SIEM', async () => {
    const forward = httpForward(siem.url, header);
    expect(await forward.post('{}', inMs(0))).toBe(false);
    expect(siem.requests).toEqual([]);
    expect(await forward.post('{}', inMs(5_000))).toBe(true);
  });

  test('is posted with a secret that is read again after it could not be read, and after the SIEM refused it', async () => {
    const read = vi
      .fn(header)
      .mockRejectedValueOnce(new SecretError('siem', 'ThrottlingException', 'cannot be read'));
    const forward = httpForward(siem.url, read);
    vi.setSystemTime(Date.now());
    expect(await forward.post('{}', inMs(5_000))).toBe(false);
    vi.setSystemTime(inMs(30_000));
    siem.fault({ status: 401 });
    expect(await forward.post('{}', inMs(5_000))).toBe(false);
    vi.setSystemTime(inMs(30_000));
    expect(await forward.post('{}', inMs(5_000))).toBe(true);
    expect(read).toHaveBeenCalledTimes(3);
  });
});
