import { createHash, createHmac } from 'node:crypto';
import { format, inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { devinToken, Token } from '../../lib/domain/token.ts';

const SECRET = ['cog', 'S3cretS3cretS3cretS3cretS3cretS3cretS3cr'].join('_');
const token = new Token(SECRET);

describe('a token', () => {
  test.each<[string, () => string]>([
    ['String()', () => String(token)],
    ['a template', () => `${token}`],
    ['join', () => [token, token].join()],
    ['JSON', () => JSON.stringify(token)],
    ['JSON of what holds it', () => JSON.stringify({ deep: [{ token }] }, null, 2)],
    ['inspect', () => inspect(token)],
    ['inspect of what holds it', () => inspect({ deep: { token, list: [token] } }, { depth: null })],
    ['inspect of all that is hidden', () => inspect(token, { showHidden: true, getters: true, depth: null })],
    ['format', () => format('%s %o %O %j', token, token, token, token)],
    ['the message of an error', () => String(new Error(`refused: ${token}`).stack)],
    ['the cause of an error', () => inspect(new Error('refused', { cause: token }))],
    ['a field of an error', () => inspect(Object.assign(new Error('refused'), { token }))],
    ['an error of its own kind', () => inspect(new AggregateError([token], String(token)))],
    ['a map', () => inspect(new Map([[token, token]]))],
  ])('is not printed by %s', (_title, print) => {
    const printed = print();
    expect(printed).not.toContain(SECRET.slice(4, 12));
    expect(printed).toContain('[redacted]');
  });

  test('has no field to find it in', () => {
    expect([Object.entries(token), Reflect.ownKeys(token), { ...token }]).toEqual([[], [], {}]);
    expect(inspect(structuredClone(token))).toBe('{}');
  });

  test('is revealed only when asked', () => {
    expect(token.reveal()).toBe(SECRET);
  });

  test('equals one of the same text alone', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 50 });
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(new Token(a).equals(new Token(b))).toBe(a === b);
        expect(new Token(a).equals(new Token(a))).toBe(true);
      }),
    );
  });
});

describe('a fingerprint', () => {
  const MESSAGE = 'devin-key-revoker token fingerprint';

  test('is an HMAC keyed by the token itself, the same wherever it is made', () => {
    expect(token.fingerprint()).toBe(createHmac('sha256', SECRET).update(MESSAGE).digest('hex'));
    expect(new Token(SECRET).fingerprint()).toBe(token.fingerprint());
  });

  test('is neither that of another token, nor a plain hash that is looked up in a table', () => {
    const plain = [SECRET, MESSAGE, SECRET + MESSAGE, MESSAGE + SECRET].map((text) =>
      createHash('sha256').update(text).digest('hex'),
    );

    expect(plain).not.toContain(token.fingerprint());
    expect(new Token(`${SECRET}x`).fingerprint()).not.toBe(token.fingerprint());
  });
});

describe('a Devin token', () => {
  test.each([
    ['as it is', SECRET],
    ['with white space around it', ` \n${SECRET}\r\n`],
  ])('is read %s', (_title, text) => {
    expect(devinToken(text)?.reveal()).toBe(SECRET);
  });

  test.each([
    ['empty', ''],
    ['of the prefix alone', 'cog_'],
    ['of another prefix', `ghp_${SECRET.slice(4)}`],
    ['of the prefix in another case', SECRET.replace('cog', 'COG')],
    ['with something before it', `x${SECRET}`],
    ['with a space in it', `${SECRET} x`],
    ['with a line break in it', `${SECRET}\r\nx-header: 1`],
    ['with a character that no header takes', `${SECRET}é`],
    ['with a zero byte', `${SECRET}\0`],
    ['too long', `${SECRET}${'x'.repeat(1_024)}`],
  ])('is no text that is %s', (_title, text) => {
    expect(devinToken(text)).toBeUndefined();
  });
});
