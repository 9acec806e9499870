import * as fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ApiKeyId, ServiceUserId } from '../../lib/domain/key.ts';
import { GitHubAlertRef, LeakReport } from '../../lib/domain/report.ts';
import { readDelivery } from '../../lib/intake/github-webhook.ts';
import { readRequest } from '../../lib/intake/request.ts';
import { parseJson } from '../../lib/platform/parse-json.ts';
import { toEvent } from '../../sandbox/function-url.ts';
import { signedDelivery } from '../../sandbox/github-delivery.ts';
import { type Sandbox, startSandbox } from '../../sandbox/index.ts';
import {
  captureOutput,
  type Handler,
  lambdaContext,
  loadHandler,
  type Output,
} from '../support/load-handler.ts';

const NASTY = [
  '../..',
  '%2e%2e',
  'a?b#c',
  'a\r\nset-cookie: b',
  'a\u0000b',
  '\ud800',
  '..',
  '.',
  '',
  ' ',
  'a/b',
  'a\\b',
  '＠acme',
  'x'.repeat(10_000),
];
/** Any JSON, with the names that JavaScript treats apart, numbers that no double holds and ids that leave their path. */
const json = fc.oneof(
  { weight: 3, arbitrary: fc.json({ depthSize: 'medium', noUnicodeString: false }) },
  fc.constantFrom('{"__proto__":{"action":"created"}}', '1e999', '-0', '[9007199254740993]', '"\\ud800"'),
  fc.integer({ min: 1, max: 200_000 }).map((depth) => '['.repeat(depth) + ']'.repeat(depth)),
);
const id = fc.oneof(fc.constantFrom(...NASTY), fc.string({ unit: 'binary', maxLength: 300 }));

let sandbox: Sandbox;
let webhook: Handler<'webhook'>;
let output: Output;
let payload: string;

beforeAll(async () => {
  sandbox = await startSandbox();
  output = captureOutput();
  webhook = await loadHandler('webhook', sandbox.env());
  payload = JSON.stringify(sandbox.github.payload(sandbox.leak().alert));
});
beforeEach(() => output.clear());
afterAll(async () => {
  output.restore();
  await sandbox.stop();
});

async function deliver(body: string | Buffer, secret = sandbox.webhookSecret, type = 'application/json') {
  const delivery = signedDelivery(body, secret, { 'content-type': type });
  const request = { method: 'POST', path: '/', query: new URLSearchParams(), rawQuery: '', ...delivery };
  return webhook(toEvent(request), lambdaContext());
}

/** A payload with one value replaced, wherever it stands. */
const changed = fc.tuple(fc.nat(), json).map(([at, value]) => {
  const fields = [...payload.matchAll(/:("[^"]*"|\d+|null|true|false)/g)];
  const field = fields[at % fields.length];
  if (field === undefined) throw new Error('the payload has no field');
  return `${payload.slice(0, field.index)}:${value}${payload.slice(field.index + field[0].length)}`;
});

describe('the webhook', () => {
  test('answers any signed text with 202, 204 or 400, and queues only reports', async () => {
    const text = fc.oneof(json, changed, fc.string({ unit: 'binary' }));
    await fc.assert(
      fc.asyncProperty(text, async (body) => {
        const before = sandbox.sqs.sent().length;
        const { statusCode } = await deliver(body);
        expect([202, 204, 400]).toContain(statusCode);
        const added = sandbox.sqs.sent().slice(before);
        expect(added).toHaveLength(statusCode === 202 ? 1 : 0);
        for (const message of added) expect(parseJson(message, LeakReport)).toBeDefined();
      }),
      { numRuns: 300 },
    );
  });

  test('answers any signed bytes with 400', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 200 }), async (bytes) => {
        const body = Buffer.concat([Buffer.from(bytes), Buffer.from([0xff])]);
        // Of another type, so that the bytes arrive as they are.
        const { statusCode } = await deliver(body, sandbox.webhookSecret, 'application/octet-stream');
        expect(statusCode).toBe(400);
      }),
      { numRuns: 100 },
    );
  });

  test('answers what is not signed with 401, whatever it is, and queues nothing', async () => {
    const before = sandbox.sqs.sent().length;
    await fc.assert(
      fc.asyncProperty(fc.oneof(json, changed), async (body) => {
        expect((await deliver(body, 'of somebody else')).statusCode).toBe(401);
      }),
      { numRuns: 50 },
    );
    expect(sandbox.sqs.sent().length).toBe(before);
  });

  test('answers a mebibyte of near-matches within a second of the processor', async () => {
    for (const unit of ['eyJ', 'cog_', '/', `${'a'.repeat(51)} `]) {
      const whole = JSON.parse(payload);
      whole.repository.full_name = `acme/${unit.repeat(1_000_000 / unit.length)}`;
      const from = process.cpuUsage();
      expect((await deliver(JSON.stringify(whole))).statusCode).toBe(400);
      const { system, user } = process.cpuUsage(from);
      expect((system + user) / 1_000).toBeLessThan(1_000);
    }
  });
});

test('an id that leaves its place in a path is none', () => {
  fc.assert(
    fc.property(id, (text) => {
      for (const schema of [ApiKeyId, ServiceUserId, GitHubAlertRef.shape.owner, GitHubAlertRef.shape.repo]) {
        const parsed = schema.safeParse(text);
        if (!parsed.success) continue;
        expect(encodeURIComponent(text)).toBe(text);
        expect(new URL(`https://a.test/x/${text}/y`).pathname).toBe(`/x/${text}/y`);
        expect(text.length).toBeLessThanOrEqual(256);
      }
    }),
    { numRuns: 2_000 },
  );
  for (const text of NASTY) expect(ApiKeyId.safeParse(text).success).toBe(false);
});

test('a request or a delivery of any shape is read or refused, without another error', () => {
  const options = { secretTypes: ['devin_api_key'], dryRun: false, now: 0 };
  const origin = { detector: 'console', invoked_by: 'console', id: 'a', time: 0 } as const;
  fc.assert(
    fc.property(
      json,
      fc.dictionary(fc.constantFrom('service_user_id', 'api_key_id', 'token', '__proto__'), id),
      (text, fields) => {
        readDelivery('secret_scanning_alert', JSON.parse(text), options);
        for (const event of [JSON.parse(text), fields]) {
          try {
            readRequest(event, origin);
          } catch (error) {
            expect(error).toMatchObject({ name: 'BadEventError' });
            expect(String(error).length).toBeLessThan(2_000);
          }
        }
      },
    ),
    { numRuns: 250 },
  );
  expect(Object.prototype).not.toHaveProperty('action');
});
