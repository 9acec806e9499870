import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { findTokens } from '../../lib/domain/find-tokens.ts';
import { devinToken } from '../../lib/domain/token.ts';

// Put together here, so that no scanner takes this file for a leak.
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';
const body = (seed: number, length = 52) =>
  Array.from({ length }, (_, at) => ALPHABET[(seed * 7 + at * 11) % 32]).join('');
const tokenOf = (text: string) => ['cog', text].join('_');
const a = tokenOf(body(1));
const b = tokenOf(body(2));
const hex = (seed: number, length: number) => body(seed, length).replace(/[^a-f2-7]/g, '0');
const base64 = (text: string) => Buffer.from(text).toString('base64');
const user = { user_id: `user-${hex(1, 32)}`, org_id: `org-${hex(2, 32)}` };
const organisation = { org_id: `org-${hex(3, 32)}` };
const userKey = ['apk', 'user', base64(`${user.user_id}_${user.org_id}:${hex(4, 32)}`)].join('_');
const orgKey = ['apk', base64(`${organisation.org_id}:${hex(5, 32)}`)].join('_');

/** What is found, with the tokens revealed. */
function found(secret: string) {
  const result = findTokens(secret);
  switch (result.kind) {
    case 'tokens':
      return { ...result, tokens: result.tokens.map((token) => token.reveal()) };
    case 'legacy':
    case 'none':
      return result;
    default:
      return result satisfies never;
  }
}
const tokens = (...values: string[]) => ({ kind: 'tokens', tokens: values, legacy: [] });

describe('a token of the public form', () => {
  test.each<[string, string, string[]]>([
    ['alone', a, [a]],
    ['in an assignment', `DEVIN_API_KEY=${a}`, [a]],
    ['in an assignment of a shell', `export DEVIN_API_KEY='${a}'\n`, [a]],
    ['in double quotes', `"${a}"`, [a]],
    ['in JSON', JSON.stringify({ devin: { token: a } }), [a]],
    ['in JSON in JSON', JSON.stringify(JSON.stringify({ token: a })), [a]],
    ['in YAML', `devin_token: ${a} # production`, [a]],
    ['in a header', `Authorization: Bearer ${a}`, [a]],
    ['in a URL', `https://host/?token=${a}&x=1`, [a]],
    ['in a URL, encoded', `token%3D${a}%26x`, [a]],
    ['with a suffix', `${a}-prod`, [a]],
    ['with a suffix after an underscore', `${a}_prod`, [a]],
    ['with a full stop', `${a}.`, [a]],
    ['between upper-case neighbours', `KEY${a}PROD`, [a]],
    ['between digits that are not of its alphabet', `01${a}89`, [a]],
    ['after a lower-case neighbour', `my${a}`, [a]],
    ['after an escaped line break', `A=1\\n${a}\\n`, [a]],
    ['after the prefix', `${tokenOf('')}${a}`, [a]],
    ['within other characters', `é𝄞\0${a}\u2028`, [a]],
    ['on one of several lines', `# config\r\nA=1\r\nKEY=${a}\r\nB=2\r\n`, [a]],
    ['beside another one', `${a}\n${b}`, [a, b]],
    ['directly before another one', `${a}${b}`, [a, b]],
    ['twice', `${a} ${b} ${a}`, [a, b]],
    ['beside one that is cut off', `${a.slice(0, 40)} ${b}`, [b]],
    ['that ends as the prefix begins', `${tokenOf(`${body(1, 49)}cog`)}_x`, [tokenOf(`${body(1, 49)}cog`)]],
    ['with text before it that begins as a token does', `${tokenOf('prod')}: ${a}`, [a]],
  ])('is found %s', (_title, text, expected) => {
    expect(found(text)).toEqual(tokens(...expected));
  });

  test.each<[string, string, string[]]>([
    ['one character', `${a}x`, [a, `${a}x`]],
    ['a word', `${a}prod-1`, [a, `${a}prod`]],
    ['as much as the longest token', `${a}${body(3, 972)}`, [a, `${a}${body(3, 972)}`]],
    ['more than the longest token', `${a}${body(3, 973)}`, [a]],
    ['another token', `${a}xy${b}`, [a, `${a}xy`, b]],
  ])('is read in both ways when its alphabet goes on for %s', (_title, text, expected) => {
    expect(found(text)).toEqual(tokens(...expected));
  });
});

describe('a token of another form', () => {
  const other = tokenOf('S3cretS3cretS3cretS3cretS3cretS3cretS3cr');
  test.each<[string, string, string]>([
    ['as it is', other, other],
    ['with white space around it', ` \n${other}\r\n`, other],
    ['of one character', tokenOf('x'), tokenOf('x')],
    ['of the public form but for its length', a.slice(0, -1), a.slice(0, -1)],
    ['of the public form but for its case', tokenOf(body(1).toUpperCase()), tokenOf(body(1).toUpperCase())],
  ])('is the whole text %s', (_title, text, expected) => {
    expect(found(text)).toEqual(tokens(expected));
  });
});

describe('a legacy key', () => {
  test.each<[string, string, object]>([
    ['of a user', userKey, { kind: 'legacy', owners: [user] }],
    ['of an organisation', orgKey, { kind: 'legacy', owners: [organisation] }],
    ['among other text', `KEY="${orgKey}"\n`, { kind: 'legacy', owners: [organisation] }],
    ['with padding', `${orgKey.replace(/=*$/, '')}==`, { kind: 'legacy', owners: [organisation] }],
    [
      'before more of its alphabet',
      `${orgKey.replace(/=*$/, '')}abc`,
      { kind: 'legacy', owners: [organisation] },
    ],
    ['beside another one', `${orgKey} ${userKey}`, { kind: 'legacy', owners: [organisation, user] }],
    ['twice', `${orgKey} ${orgKey}`, { kind: 'legacy', owners: [organisation] }],
    ['that does not decode', ['apk', 'A'.repeat(90)].join('_'), { kind: 'legacy', owners: [{}] }],
    ['beside a token', `${orgKey} ${a}`, { kind: 'tokens', tokens: [a], legacy: [organisation] }],
  ])('is found with its owner: %s', (_title, text, expected) => {
    expect(found(text)).toEqual(expected);
  });

  test('is not returned, nor is the secret within it', () => {
    const text = JSON.stringify(findTokens(userKey));
    expect(text).not.toContain(userKey.slice(9, 17));
    expect(text).not.toContain(hex(4, 32));
  });
});

describe('no token', () => {
  test.each([
    ['nothing', ''],
    ['white space', ' \n'],
    ['the prefix', tokenOf('')],
    ['the prefix in another case', a.replace('cog', 'COG')],
    ['another prefix', a.replace('cog', 'ghp')],
    ['a body alone', body(1)],
    ['a token of another form among other text', `KEY=${tokenOf('S3cret'.repeat(7))}`],
    ['two words that begin with the prefix', `${tokenOf('one')} ${tokenOf('two')}`],
    ['a legacy key that is too short', ['apk', 'A'.repeat(79)].join('_')],
    ['the path of a package', 'apk_build/outputs/apk/debug/app-debug.apk'],
  ])('is found in %s', (_title, text) => {
    expect(found(text)).toEqual({ kind: 'none' });
  });
});

describe('whatever the secret is', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      a,
      b,
      a.slice(0, 30),
      'cog',
      '_',
      'cog_',
      'apk_',
      'apk_user_',
      orgKey,
      userKey,
      '\n',
      ' ',
    ),
    fc.string({ unit: 'binary', maxLength: 8 }),
    fc.string({ unit: fc.constantFrom(...ALPHABET), maxLength: 60 }),
  );
  const text = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(''));
  const tokensIn = (secret: string) => {
    const result = found(secret);
    return result.kind === 'tokens' ? result.tokens : [];
  };

  test('each token is a part of it, found once, and a token by itself', () => {
    fc.assert(
      fc.property(text, (secret) => {
        const all = tokensIn(secret);
        expect(new Set(all).size).toBe(all.length);
        for (const token of all) {
          expect(secret).toContain(token);
          expect(devinToken(token)?.reveal()).toBe(token);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  test('every part of the public form is found', () => {
    fc.assert(
      fc.property(text, (secret) => {
        const all = tokensIn(secret);
        for (let at = secret.indexOf('cog_'); at >= 0; at = secret.indexOf('cog_', at + 1)) {
          const [form] = /^cog_[a-z2-7]{52}/.exec(secret.slice(at)) ?? [];
          if (form !== undefined) expect(all).toContain(form);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  test('a token that is put into it is found', () => {
    fc.assert(
      fc.property(text, text, (before, after) => {
        expect(tokensIn(`${before}${a}${after}`)).toContain(a);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('a mebibyte', () => {
  const MEBIBYTE = 1024 * 1024;
  test.each([
    ['prefixes', 'cog_'],
    ['tokens that lack a character', `${a.slice(0, -1)} `],
    ['tokens without a space between them', `${a.slice(0, -1)}`],
    ['one run', 'a'],
    ['legacy prefixes', 'apk_'],
    ['legacy prefixes of users', 'apk_user_'],
    ['legacy keys that lack a character', `${['apk', 'A'.repeat(79)].join('_')} `],
    ['white space', ' '],
  ])('of %s takes no time', (_title, unit) => {
    const text = unit.repeat(Math.ceil(MEBIBYTE / unit.length));
    const from = performance.now();
    for (const secret of [text, `cog_${text}`, `${text}!`]) findTokens(secret);
    expect(performance.now() - from).toBeLessThan(5_000);
  });
});
