import * as octokit from '@octokit/webhooks-methods';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isSigned, sign } from '../../lib/intake/signature.ts';

// https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries#testing-the-webhook-payload-validation
const published = {
  secret: "It's a Secret to Everybody",
  body: Buffer.from('Hello, World!'),
  signature: 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17',
};

const body = () => fc.uint8Array({ maxLength: 512 });
const text = () => fc.string({ unit: 'grapheme', maxLength: 200 });
const secret = () => fc.string({ unit: 'grapheme', minLength: 1 }).filter((value) => value.trim() !== '');

/** HMAC fills a key up with zero bytes, so that two keys which differ in them alone are the same. */
const differ = (a: string, b: string) => a.replace(/\0+$/, '') !== b.replace(/\0+$/, '');

describe("GitHub's published vector", () => {
  test('is what we sign', () => {
    expect(sign(published.body, published.secret)).toBe(published.signature);
  });

  test('verifies', () => {
    expect(isSigned(published.body, published.signature, published.secret)).toBe(true);
  });

  const hex = published.signature.slice('sha256='.length);
  test.each([
    ['no signature', undefined],
    ['an empty one', ''],
    ['the algorithm alone', 'sha256='],
    ['the hash alone', hex],
    ['the old algorithm', `sha1=${hex.slice(0, 40)}`],
    ['the old algorithm before the right hash', `sha1=${hex}`],
    ['another algorithm', `sha512=${hex}`],
    ['upper-case hex', `sha256=${hex.toUpperCase()}`],
    ['an upper-case algorithm', `SHA256=${hex}`],
    ['one character less', `sha256=${hex.slice(0, -1)}`],
    ['one character more', `sha256=${hex}0`],
    ['a line break at the end', `sha256=${hex}\n`],
    ['a space before it', ` sha256=${hex}`],
    ['base64 instead of hex', `sha256=${Buffer.from(hex, 'hex').toString('base64')}`],
    ['two in one header', `sha256=${hex}, sha256=${hex}`],
    ['as many characters, but more bytes', `sha256=${hex.slice(0, -1)}é`],
    ['zeros', `sha256=${'0'.repeat(64)}`],
  ])('does not verify with %s', (_title, signature) => {
    expect(isSigned(published.body, signature, published.secret)).toBe(false);
  });
});

describe('the verifier', () => {
  test('accepts any bytes under any secret with their own signature', () => {
    fc.assert(
      fc.property(body(), secret(), (bytes, key) => {
        expect(isSigned(bytes, sign(bytes, key), key)).toBe(true);
      }),
    );
  });

  test('refuses a body of which one byte was changed', () => {
    const changed = fc
      .tuple(fc.uint8Array({ minLength: 1, maxLength: 512 }), fc.nat(), fc.integer({ min: 1, max: 255 }))
      .map(([bytes, place, bits]) => {
        const other = Uint8Array.from(bytes);
        const at = place % bytes.length;
        other[at] = bytes[at]! ^ bits;
        return { bytes, other };
      });
    fc.assert(
      fc.property(changed, secret(), ({ bytes, other }, key) => {
        expect(isSigned(other, sign(bytes, key), key)).toBe(false);
      }),
    );
  });

  test('refuses a body with bytes added or taken away', () => {
    fc.assert(
      fc.property(body(), fc.uint8Array({ minLength: 1 }), secret(), (bytes, more, key) => {
        const longer = Buffer.concat([bytes, more]);
        expect(isSigned(longer, sign(bytes, key), key)).toBe(false);
        expect(isSigned(bytes, sign(longer, key), key)).toBe(false);
      }),
    );
  });

  test('refuses a signature of which one character was changed', () => {
    fc.assert(
      fc.property(
        body(),
        secret(),
        fc.nat(70),
        fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }),
        (bytes, key, at, character) => {
          const signature = sign(bytes, key);
          fc.pre(signature[at] !== character);
          const changed = signature.slice(0, at) + character + signature.slice(at + 1);
          expect(isSigned(bytes, changed, key)).toBe(false);
        },
      ),
    );
  });

  test('refuses a signature that was cut', () => {
    fc.assert(
      fc.property(body(), secret(), fc.nat(70), (bytes, key, length) => {
        expect(isSigned(bytes, sign(bytes, key).slice(0, length), key)).toBe(false);
      }),
    );
  });

  test('refuses a signature in another case', () => {
    fc.assert(
      fc.property(body(), secret(), (bytes, key) => {
        expect(isSigned(bytes, sign(bytes, key).toUpperCase(), key)).toBe(false);
      }),
    );
  });

  test('refuses any other text without throwing', () => {
    fc.assert(
      fc.property(body(), secret(), text(), (bytes, key, garbage) => {
        expect(isSigned(bytes, garbage, key)).toBe(false);
        expect(isSigned(bytes, `sha256=${garbage}`, key)).toBe(false);
      }),
    );
  });

  test('refuses the signature of another secret', () => {
    fc.assert(
      fc.property(body(), secret(), secret(), (bytes, key, other) => {
        fc.pre(differ(key, other));
        expect(isSigned(bytes, sign(bytes, other), key)).toBe(false);
      }),
    );
  });

  test.each([
    ['empty', ''],
    ['a space', ' '],
    ['white space', ' \t\r\n'],
  ])('throws for a secret that is %s', (_title, empty) => {
    expect(() => sign(published.body, empty)).toThrow(new TypeError('the webhook secret is empty'));
    expect(() => isSigned(published.body, published.signature, empty)).toThrow(TypeError);
  });
});

describe("against Octokit's own verifier", () => {
  test('signs text the same', async () => {
    await fc.assert(
      fc.asyncProperty(text().filter(Boolean), secret(), async (payload, key) => {
        expect(sign(Buffer.from(payload), key)).toBe(await octokit.sign(key, payload));
      }),
    );
  });

  test('decides the same, for the right signature and for changed ones', async () => {
    const change = fc.constantFrom<(signature: string, other: string) => string>(
      (signature) => signature,
      (_signature, other) => other,
      (signature) => signature.slice(0, -1),
      (signature) => signature.toUpperCase(),
      (signature) => signature.replace('sha256', 'sha1'),
      (signature) => `${signature.slice(0, -1)}${signature.endsWith('0') ? '1' : '0'}`,
    );
    await fc.assert(
      fc.asyncProperty(
        text().filter(Boolean),
        secret(),
        secret(),
        change,
        async (payload, key, other, how) => {
          const bytes = Buffer.from(payload);
          const signature = how(sign(bytes, key), sign(bytes, other));
          expect(isSigned(bytes, signature, key)).toBe(await octokit.verify(key, payload, signature));
        },
      ),
    );
  });
});
