import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { rawBody } from '../../lib/intake/raw-body.ts';

const bytes = () => fc.uint8Array({ maxLength: 64 });
const limit = () => fc.nat(64);

describe('the raw body', () => {
  test.each([
    ['no body', {}, ''],
    ['an empty body', { body: '', isBase64Encoded: false }, ''],
    ['an empty body in base64', { body: '', isBase64Encoded: true }, ''],
    ['text', { body: '{"a":1}\n', isBase64Encoded: false }, '{"a":1}\n'],
    ['text of several bytes a character', { body: 'é𝄞', isBase64Encoded: false }, 'é𝄞'],
    ['base64', { body: 'eyJhIjoxfQ==', isBase64Encoded: true }, '{"a":1}'],
    ['text that could be base64', { body: 'eyJhIjoxfQ==', isBase64Encoded: false }, 'eyJhIjoxfQ=='],
  ])('is the bytes of %s', (_title, event, expected) => {
    expect(rawBody(event, 1_024)).toEqual(Buffer.from(expected));
  });

  test.each([
    ['text', '12345', 4],
    ['text that is long in bytes alone', 'ééé', 5],
  ])('is refused above the limit as %s', (_title, text, maxBytes) => {
    expect(rawBody({ body: text, isBase64Encoded: false }, maxBytes)).toBeUndefined();
    expect(
      rawBody({ body: Buffer.from(text).toString('base64'), isBase64Encoded: true }, maxBytes),
    ).toBeUndefined();
  });

  test('is the same bytes out of base64, exactly up to the limit', () => {
    fc.assert(
      fc.property(bytes(), limit(), (sent, maxBytes) => {
        const body = Buffer.from(sent).toString('base64');
        expect(rawBody({ body, isBase64Encoded: true }, maxBytes)).toEqual(
          sent.length <= maxBytes ? Buffer.from(sent) : undefined,
        );
      }),
    );
  });

  test('is the same bytes out of text, exactly up to the limit', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 64 }), limit(), (body, maxBytes) => {
        const sent = Buffer.from(body);
        expect(rawBody({ body, isBase64Encoded: false }, maxBytes)).toEqual(
          sent.length <= maxBytes ? sent : undefined,
        );
      }),
    );
  });
});
