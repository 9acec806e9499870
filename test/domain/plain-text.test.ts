import { describe, expect, test } from 'vitest';
import { plainId, plainText, plainUrl } from '../../lib/domain/plain-text.ts';

const token = `cog_${'Ab1'.repeat(13)}`;

describe('a text of somebody else', () => {
  test.each([
    ['is cut', 'x y '.repeat(30), `${'x y '.repeat(20).slice(0, 79)}…`],
    ['is cut between characters', '😀'.repeat(100), `${'😀'.repeat(79)}…`],
    ['is one line', 'a\n\r\tb\u2028c', 'a b c'],
    ['holds no control characters', 'a\u001b[31mb\u0000\u202ec', 'a [31mb c'],
    ['holds no token', `see ${token} there`, 'see [redacted] there'],
    ['holds no half of a surrogate', 'a\ud800', 'a\ufffd'],
    ['holds no token in base64', Buffer.from(token).toString('base64'), '[redacted]'],
    ['may be empty', '\u0007', ''],
  ])('%s', (_, text, expected) => {
    expect(plainText(text, 80)).toBe(expected);
  });

  test('takes time in proportion to what is kept, however long it is', () => {
    const began = performance.now();
    plainText('cog_ '.repeat(2_000_000), 80);
    expect(performance.now() - began).toBeLessThan(200);
  });
});

test.each([
  ['https://app.devin.ai/sessions/1?a=b#c', 'https://app.devin.ai/sessions/1'],
  ['http://app.devin.ai/', undefined],
  ['javascript:alert(1)', undefined],
  ['https://user:secret@github.com/', undefined],
  [`https://app.devin.ai/${token}`, undefined],
  [`https://app.devin.ai/${'x'.repeat(300)}`, undefined],
  ['not a link', undefined],
  [null, undefined],
])('of the link %j, %j is shown', (text, expected) => {
  expect(plainUrl(text)).toBe(expected);
});

test.each([
  ['org-1', 'org-1'],
  ['google-oauth2|1234', 'google-oauth2|1234'],
  ['user@example.com', 'user@example.com'],
  [token, undefined],
  ['a/b', undefined],
  ['', undefined],
  ['x'.repeat(161), undefined],
  [7, undefined],
])('of the id %j, %j is recorded', (id, expected) => {
  expect(plainId(id)).toBe(expected);
});
