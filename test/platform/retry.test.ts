import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { HttpFailure, type HttpResponse } from '../../lib/platform/http.ts';
import { isTransient, jitter, retryAfterMs, sendRetrying } from '../../lib/platform/retry.ts';
import { type SandboxServer, startServer } from '../../sandbox/http-server.ts';

describe('Retry-After', () => {
  const now = Date.UTC(2026, 10, 23, 8, 42, 22);
  const response = (value?: string): HttpResponse => ({
    status: 429,
    headers: value === undefined ? {} : { 'retry-after': value },
    body: '',
  });

  // The three forms of a date: RFC 9110, section 5.6.7.
  test.each([
    ['0', 0],
    ['1', 1_000],
    [' 120 ', 120_000],
    ['Mon, 23 Nov 2026 08:42:30 GMT', 8_000],
    ['Monday, 23-Nov-26 08:42:30 GMT', 8_000],
    ['Mon Nov 23 08:42:30 2026 GMT', 8_000],
    ['Mon, 23 Nov 2026 08:42:22 GMT', 0],
    ['Mon, 23 Nov 2020 08:42:22 GMT', 0],
  ])('"%s" is %d ms', (value, ms) => {
    expect(retryAfterMs(response(value), now)).toBe(ms);
  });

  test.each([
    undefined,
    '',
    ' ',
    'soon',
    '-5',
    '1.5',
    '1e3',
    '0x10',
    '5 seconds',
    'Mon, 99 Nov 2026',
    '-5 Nov 2026',
  ])('%j says nothing', (value) => {
    expect(retryAfterMs(response(value), now)).toBeUndefined();
  });

  test('in seconds is those seconds', () => {
    fc.assert(
      fc.property(fc.nat(), (seconds) => {
        expect(retryAfterMs(response(String(seconds)), now)).toBe(seconds * 1_000);
      }),
    );
  });

  test('as a date is the time until then, and never less than nothing', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1e6, max: 1e6 }), (seconds) => {
        const date = new Date(now + seconds * 1_000).toUTCString();
        expect(retryAfterMs(response(date), now)).toBe(Math.max(0, seconds * 1_000));
      }),
    );
  });
});

describe('the jitter', () => {
  const fraction = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

  test('is between zero and a cap that doubles, at most five seconds', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000 }), fraction, (attempt, random) => {
        const ms = jitter(attempt, () => random);
        expect(ms).toBeGreaterThanOrEqual(0);
        expect(ms).toBeLessThanOrEqual(Math.min(5_000, 100 * 2 ** attempt));
      }),
    );
  });

  test('uses the whole of that span', () => {
    expect([1, 2, 3, 5, 6, 60].map((attempt) => jitter(attempt, () => 0.5))).toEqual([
      100, 200, 400, 1_600, 2_500, 2_500,
    ]);
    expect(jitter(9, () => 0)).toBe(0);
  });
});

test.each([
  [200, false],
  [301, false],
  [400, false],
  [401, false],
  [403, false],
  [404, false],
  [408, false],
  [409, false],
  [429, true],
  [500, true],
  [503, true],
  [599, true],
])('the status %d calls for another try: %s', (status, expected) => {
  expect(isTransient(status)).toBe(expected);
});

describe('a request that is retried', () => {
  let server: SandboxServer;

  beforeEach(async () => {
    server = await startServer({ handle: () => ({ status: 200, body: 'done' }) });
  });
  afterEach(() => {
    vi.restoreAllMocks();
    return server.stop();
  });

  const retry = (options: { attempts?: number; timeoutMs?: number; within?: number } = {}) => {
    const { within = 10_000, ...rest } = options;
    const request = { method: 'DELETE', url: new URL(`${server.url}/key`) };
    return sendRetrying(request, { deadline: Date.now() + within, ...rest });
  };
  const ended = async (attempt: ReturnType<typeof retry>) => {
    const { response, ...rest } = await attempt;
    return { status: response.status, ...rest };
  };

  test.each([200, 204, 302, 400, 401, 403, 404, 409, 422])(
    'ends with an answer %d at once',
    async (status) => {
      server.fault({ status });
      expect(await ended(retry())).toEqual({ status, attempts: 1, uncertain: false });
      expect(server.requests).toHaveLength(1);
    },
  );

  test.each([
    ['429, which had no effect', { status: 429 }, false],
    ['500, which may have had one', { status: 500 }, true],
    ['503, which may have had one', { status: 503 }, true],
    ['a broken connection', { reset: 'before' as const }, true],
    ['a connection that broke after the effect', { reset: 'after' as const }, true],
  ])('ends well after %s', async (_title, fault, uncertain) => {
    server.fault(fault);
    expect(await ended(retry())).toEqual({ status: 200, attempts: 2, uncertain });
    expect(server.requests).toHaveLength(2);
  });

  test('stays uncertain, whatever comes later', async () => {
    server.fault({ status: 500 });
    server.fault({ status: 429 });
    server.fault({ status: 409 });
    expect(await ended(retry())).toEqual({ status: 409, attempts: 3, uncertain: true });
  });

  test('tries again after a time-out', async () => {
    server.fault({ delayMs: 5_000 });
    expect(await ended(retry({ timeoutMs: 50 }))).toEqual({ status: 200, attempts: 2, uncertain: true });
  });

  test.each([
    [1, 1],
    [3, 3],
  ])('gives the last answer after %d attempts', async (attempts, sent) => {
    server.fault({ status: 503, times: Number.POSITIVE_INFINITY });
    expect(await ended(retry({ attempts }))).toEqual({ status: 503, attempts, uncertain: attempts > 1 });
    expect(server.requests).toHaveLength(sent);
  });

  test('is limited by its deadline alone while the answer is 429, and by attempts where they are given', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(0.01);
    server.fault({ status: 429, times: 9 });
    expect(await ended(retry({ attempts: 3 }))).toEqual({ status: 429, attempts: 3, uncertain: false });
    expect(await ended(retry())).toEqual({ status: 200, attempts: 7, uncertain: false });
  });

  test('a 429 does not use up what a failure may take', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(0.01);
    for (const [status, times] of [
      [503, 3],
      [429, 6],
      [503, 9],
    ] as const)
      server.fault({ status, times });
    expect(await ended(retry())).toEqual({ status: 503, attempts: 12, uncertain: true });
  });

  test('that cannot be sent is an error, and is not tried again', async () => {
    const request = { method: 'GET', url: new URL(server.url), headers: { 'x-bad': 'a\nb' } };

    await expect(sendRetrying(request, { deadline: Date.now() + 10_000 })).rejects.toThrow(TypeError);
    expect(server.requests).toEqual([]);
  });

  test('throws when the last attempt got no answer', async () => {
    server.fault({ reset: 'before', times: Number.POSITIVE_INFINITY });
    await expect(retry({ attempts: 2 })).rejects.toEqual(new HttpFailure('ECONNRESET'));
    expect(server.requests).toHaveLength(2);
  });

  test.each([
    ['seconds', () => '1'],
    ['a date', () => new Date(Math.ceil(Date.now() / 1_000 + 1) * 1_000).toUTCString()],
  ])('waits for as long as Retry-After says in %s', async (_title, value) => {
    server.fault({ status: 429, headers: { 'retry-after': value() } });
    expect(await ended(retry())).toEqual({ status: 200, attempts: 2, uncertain: false });
    const [first, second] = server.requests;
    expect(second!.at - first!.at).toBeGreaterThanOrEqual(990);
    expect(second!.at - first!.at).toBeLessThan(3_500);
  });

  test.each([
    ['seconds', '3600'],
    ['a date', new Date(Date.now() + 3_600_000).toUTCString()],
    ['more seconds than fit into a number', '9'.repeat(400)],
  ])('does not wait beyond its deadline for Retry-After in %s', async (_title, value) => {
    server.fault({ status: 429, headers: { 'retry-after': value } });
    const start = Date.now();
    expect(await ended(retry())).toEqual({ status: 429, attempts: 1, uncertain: false });
    expect(Date.now() - start).toBeLessThan(1_000);
  });

  test('starts no attempt after its deadline, and cuts the last one short', async () => {
    server.fault({ delayMs: 30_000, times: Number.POSITIVE_INFINITY });
    const start = Date.now();
    await expect(retry({ within: 300, attempts: 100 })).rejects.toEqual(new HttpFailure('timeout'));
    expect(Date.now() - start).toBeLessThan(1_000);
    expect(server.requests.every(({ at }) => at < start + 300)).toBe(true);
  });

  test('ends within its deadline while the server fails at once', async () => {
    server.fault({ status: 500, times: Number.POSITIVE_INFINITY });
    const start = Date.now();
    expect(await ended(retry({ within: 400, attempts: 1_000 }))).toMatchObject({ status: 500 });
    expect(Date.now() - start).toBeLessThan(1_000);
    expect(server.requests.every(({ at }) => at <= start + 400)).toBe(true);
  });
});
