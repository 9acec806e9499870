import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import { describe, expect, test } from 'vitest';
import {
  isSignedStandard,
  isTimely,
  signStandard,
  standardKey,
} from '../../lib/intake/standard-signature.ts';

// The vector that the libraries of Standard Webhooks are tested with:
// https://github.com/standard-webhooks/standard-webhooks/blob/main/libraries/javascript/src/webhook.test.ts
const published = {
  secret: ['whsec', 'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'].join('_'),
  id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
  timestamp: '1614265330',
  body: Buffer.from('{"test": 2432232314}'),
  signature: 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
};
const keyOf = (secret: string) => standardKey(secret) ?? expect.fail('not a key');

describe('the published vector', () => {
  test('is what is signed', () => {
    expect(signStandard(published, keyOf(published.secret))).toBe(published.signature);
  });

  test.each([
    ['alone', published.signature],
    [
      'among others, of other versions too',
      `v1,${'A'.repeat(43)}= v2,x v1a,y ${published.signature} v1,${'B'.repeat(43)}=`,
    ],
  ])('is accepted %s', (_title, header) => {
    expect(isSignedStandard(published, header, keyOf(published.secret))).toBe(true);
  });

  test('is accepted with the secret without its prefix', () => {
    const secret = published.secret.slice('whsec_'.length);
    expect(isSignedStandard(published, published.signature, keyOf(secret))).toBe(true);
  });

  test.each([
    ['nothing', ''],
    ['the version alone', 'v1,'],
    ['a part of it', published.signature.slice(0, 8)],
    ['it without its version', published.signature.slice(3)],
    ['it under another version', published.signature.replace('v1', 'v2')],
    ['it as one of a list with commas', `${published.signature},v1,x`],
    ['it with something behind', `${published.signature}x`],
  ])('is refused with %s', (_title, header) => {
    expect(isSignedStandard(published, header, keyOf(published.secret))).toBe(false);
  });

  test.each([
    ['id', { id: 'msg_other' }],
    ['timestamp', { timestamp: '1614265331' }],
    ['body', { body: Buffer.from('{"test": 2432232315}') }],
  ])('is refused with another %s', (_title, change) => {
    const message = { ...published, ...change };
    expect(isSignedStandard(message, published.signature, keyOf(published.secret))).toBe(false);
  });
});

describe("the sender's own library", () => {
  const message = fc.record({
    key: fc.uint8Array({ minLength: 24, maxLength: 64 }),
    id: fc.string({ minLength: 1, unit: fc.constantFrom(...'abcXYZ019_-.') }),
    text: fc.string({ unit: 'grapheme' }),
  });
  const whsec = (key: Uint8Array) => `whsec_${Buffer.from(key).toString('base64')}`;
  const now = () => Math.floor(Date.now() / 1_000);

  test('signs what is accepted', () => {
    fc.assert(
      fc.property(message, ({ id, key, text }) => {
        const timestamp = now();
        const signature = new Webhook(whsec(key)).sign(id, new Date(timestamp * 1_000), text);
        const signed = { id, timestamp: String(timestamp), body: Buffer.from(text) };
        expect(isSignedStandard(signed, signature, keyOf(whsec(key)))).toBe(true);
      }),
    );
  });

  test('accepts what is signed', () => {
    fc.assert(
      fc.property(message, fc.jsonValue(), ({ id, key }, value) => {
        const text = JSON.stringify(value);
        const timestamp = String(now());
        const signature = signStandard({ id, timestamp, body: Buffer.from(text) }, key);
        const headers = { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature };
        expect(new Webhook(whsec(key)).verify(text, headers)).toEqual(JSON.parse(text));
      }),
    );
  });

  test('takes the same clock', () => {
    const webhook = new Webhook(published.secret);
    for (const off of [-302, -299, 0, 299, 302]) {
      const timestamp = String(now() + off);
      const signature = signStandard({ ...published, timestamp }, keyOf(published.secret));
      const headers = {
        'webhook-id': published.id,
        'webhook-timestamp': timestamp,
        'webhook-signature': signature,
      };
      const verify = () => webhook.verify(published.body.toString(), headers);
      if (isTimely(timestamp, Date.now())) expect(verify).not.toThrow();
      else expect(verify).toThrow();
    }
  });
});

describe('a timestamp', () => {
  const at = Date.UTC(2026, 10, 23);
  const seconds = at / 1_000;
  test.each([
    [seconds - 300, true],
    [seconds - 301, false],
    [seconds + 300, true],
    [seconds + 301, false],
  ])('of %d is timely: %s', (timestamp, expected) => {
    expect(isTimely(String(timestamp), at)).toBe(expected);
  });

  test.each(['', 'now', '-1', '1e9', ' 1', `${seconds}.5`, '9'.repeat(13), new Date(at).toISOString()])(
    'of "%s" is none',
    (timestamp) => {
      expect(isTimely(timestamp, at)).toBe(false);
    },
  );
});

describe('a secret', () => {
  test.each([
    ['empty', ''],
    ['the prefix alone', 'whsec_'],
    ['not base64', `whsec_${'!'.repeat(32)}`],
    ['base64 that is cut', `whsec_${randomBytes(32).toString('base64').slice(0, -1)}`],
    ['base64 behind something else', `!!!!${randomBytes(30).toString('base64')}`],
    ['base64 before something else', `${randomBytes(30).toString('base64')}!!!!`],
    ['base64url', `whsec_${'-'.repeat(32)}`],
    ['too short', `whsec_${randomBytes(23).toString('base64')}`],
    ['a public key', `whpk_${randomBytes(32).toString('base64')}`],
  ])('that is %s is none', (_title, secret) => {
    expect(standardKey(secret)).toBeUndefined();
  });
});
