import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { quotesToken, redact } from '../../lib/domain/redact.ts';
import { Token } from '../../lib/domain/token.ts';
import { containsToken } from '../../lib/domain/token-forms.ts';

// Put together here, so that no scanner takes this file for a leak.
const body = 'abcdefghijklmnopqrstuvwxyz234567abcdefghijklmnopqrst';
const token = ['cog', body].join('_');
const other = ['cog', 'S3cretS3cretS3cretS3cretS3cretS3cretS3cr'].join('_');
const base64 = (text: string) => Buffer.from(text).toString('base64');
const jwt = [base64('{"alg":"RS256"}'), base64('{"iss":"1234567"}'), 'c2lnbmF0dXJl']
  .join('.')
  .replaceAll('=', '');

const secrets: [string, string][] = [
  ['a token', token],
  ['a token of another form', other],
  ['a token with a suffix', `${token}-prod`],
  ['a token of words', ['cog', 'abc-defghijklmnopqrst'].join('_')],
  ['a token without its prefix', body],
  ['a legacy key of a user', ['apk', 'user', 'Ab1+'.repeat(32)].join('_')],
  ['a legacy key of an organisation', ['apk', `${'Ab1/'.repeat(22)}==`].join('_')],
  ['a personal token of GitHub', ['ghp', 'Ab1'.repeat(12)].join('_')],
  ['an installation token of GitHub', ['ghs', 'Ab1'.repeat(12)].join('_')],
  ['an installation token of GitHub with dots', ['ghs', '123', jwt].join('_')],
  ['a fine-grained token of GitHub', ['github', 'pat', '11ABC', 'Ab1'.repeat(18)].join('_')],
  ['a webhook secret', ['whsec', 'Ab1+'.repeat(8)].join('_')],
  ['a JSON Web Token', jwt],
  ['a token in base64', base64(token)],
  ['a token in base64 after one byte', base64(`=${token}`)],
  ['a token in base64 after two bytes', base64(`==${token}`)],
  ['a token in hex', Buffer.from(token).toString('hex')],
];

describe('redacted text', () => {
  test.each(secrets)('does not hold %s', (_title, secret) => {
    for (const [before, after] of [
      ['', ''],
      ['found ', ' in a log'],
      ['KEY="', '"\n'],
      ['x=', ','],
    ]) {
      const text = redact(`${before}${secret}${after}`);
      expect(text).toContain('[redacted]');
      expect(text.startsWith(before ?? '') && text.endsWith(after ?? '')).toBe(true);
      for (let at = 0; at + 12 <= secret.length; at++) expect(text).not.toContain(secret.slice(at, at + 12));
    }
  });

  test('does not hold tokens that stand side by side', () => {
    for (const text of [`${token}${token}`, `${other}${other}`, `${token},${other};${body}`]) {
      const redacted = redact(text);
      expect(redacted).not.toContain(body.slice(0, 8));
      expect(redacted).not.toContain(other.slice(4, 12));
    }
  });

  test.each([
    '',
    'seen in a log of service-user-0a1b2c3d4e5f60718293a4b5c6d7e8f9',
    'key-3d4e5f60718293a4b5c6d7e8f90a1b2c is of cog_model',
    'commit af5626b4a114abcb82d63db7c8082c3c4756e51b',
    `sha256 ${'757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17'}`,
    'github/acme/webshop/42/created/20260730T082640000Z',
    'request c6af9ac6-7b61-11e6-9a41-93e8deadbeef',
    'arn:aws:sqs:us-east-1:123456789012:devin-key-revoker-leaks-production-eu',
    'the package apk_build/outputs/apk/debug/app-debug.apk',
    'apply for it, dégât, 𝄞',
  ])('is the text itself where it holds none: %s', (text) => {
    expect(redact(text)).toBe(text);
  });
});

describe('a known token', () => {
  const known = new Token(other);
  const forms: [string, string][] = [
    ['as it is', other],
    ['without its prefix', other.slice(4)],
    ['in part', other.slice(10, 18)],
    ['in base64', base64(other)],
    ['in base64 after one byte', base64(`=${other}=`)],
    ['in base64 after two bytes', base64(`==${other}==`)],
    ['in hex', Buffer.from(other).toString('hex')],
    ['in upper-case hex', Buffer.from(other).toString('hex').toUpperCase()],
  ];
  // No form of a token that is not known: eight characters from its middle.
  test.each([
    ['as it is', other],
    ['its hex', Buffer.from(other).toString('hex')],
    ['its base64', base64(other)],
    ['its base64 after one byte', base64(`=${other}=`)],
    ['its base64 after two bytes', base64(`==${other}==`)],
    ['its base64url', Buffer.from(`${other}`).toString('base64url')],
  ])('is redacted in a part of %s', (_title, form) => {
    const part = form.slice(20, 28);

    expect(redact(`it is ${part} there`, [known])).toBe('it is [redacted] there');
    expect(quotesToken(`name-${part}`, [known])).toBe(true);
  });

  test.each(forms)('is redacted %s', (_title, form) => {
    const text = redact(`it is ${form} there`, [known]);
    expect(text).toMatch(/^it is \S*\[redacted\]\S* there$/);
    for (let at = 0; at + 12 <= form.length; at++) expect(text).not.toContain(form.slice(at, at + 12));
  });

  test.each([
    ['of other characters', 'pass word&é', 'x pass word&é y', 'x [redacted] y'],
    ['in URL encoding', 'pass word&é', 'x pass%20word%26%C3%A9 y', 'x [redacted] y'],
    ['with white space around it', ' pass word&é\n', 'pass word&é', '[redacted]'],
    ['that is short', 'abc', 'is abc', 'is [redacted]'],
    ['that is empty', ' ', 'is  it', 'is  it'],
    ['that is no text', '\ud800abcdefgh', 'is abcdefgh', 'is [redacted]'],
  ])('%s is redacted', (_title, secret, text, expected) => {
    expect(redact(text, [new Token(secret)])).toBe(expected);
  });

  test('leaves no part of itself, wherever it stands', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', minLength: 8, maxLength: 40 }),
        fc.string({ unit: 'binary', maxLength: 40 }),
        fc.string({ unit: 'binary', maxLength: 40 }),
        (secret, before, after) => {
          fc.pre(secret.trim().length >= 8 && !'[redacted]'.includes(secret.trim()));
          expect(redact(`${before}${secret}${after}`, [new Token(secret)])).not.toContain(secret.trim());
        },
      ),
      { numRuns: 1_000 },
    );
  });
});

describe('a name', () => {
  test.each(secrets.filter(([title]) => title !== 'a token of words'))(
    'that is %s contains a token',
    (_title, secret) => {
      expect(containsToken(secret)).toBe(true);
      expect(containsToken(`x-${secret}.y`)).toBe(true);
    },
  );

  test.each(['webshop', 'cog_model', 'cog_stable-diffusion-model', 'service-user-0a1b2c', 'x'.repeat(51)])(
    'may be %s',
    (name) => {
      expect(containsToken(name)).toBe(false);
    },
  );

  test('quotes a known token in part', () => {
    expect(quotesToken('webshop-swordfish', [new Token('swordfish')])).toBe(true);
    expect(quotesToken('webshop-swordfis', [new Token('swordfish-1')])).toBe(true);
    expect(quotesToken('webshop-sword', [new Token('swordfish')])).toBe(false);
  });
});

test('a quarter of a mebibyte of what begins as tokens do takes no time', () => {
  const from = performance.now();
  for (const unit of [
    'cog_',
    'eyJ',
    '-eyJ',
    'eyJ.',
    'apk_user_',
    'gh',
    'ghp_',
    `${body.slice(0, 51)} `,
    '636f675f',
    'Y29nX',
    'a.',
  ]) {
    redact(unit.repeat((256 * 1024) / unit.length), [new Token(token)]);
  }
  expect(performance.now() - from).toBeLessThan(5_000);
});
