import { expect, test } from 'vitest';
import { tokensInSecret } from '../../lib/enroll/tokens-in-secret.ts';

const token = (letter: string) => ['cog', letter.repeat(52)].join('_');
const [a, b] = [token('a'), token('b')];
const nested = (levels: number): unknown => (levels === 0 ? a : { inner: nested(levels - 1) });

test.each<[string, string, string[]]>([
  ['a token', a, [a]],
  ['a token of no known length', ['cog', 'short'].join('_'), [['cog', 'short'].join('_')]],
  ['settings, one a line', `URL=https://example.com\nDEVIN_API_KEY="${a}"\nOTHER=${b}\n`, [a, b]],
  [
    'tokens of no known length, one a line',
    'cog_' + 'one\n' + 'cog_' + 'two',
    ['cog_' + 'one', 'cog_' + 'two'],
  ],
  ['the same token twice', `${a} ${a}`, [a]],
  ['JSON with the token', JSON.stringify({ token: a }), [a]],
  ['JSON with white space before it', ` \n${JSON.stringify({ token: a })}`, [a]],
  ['JSON with several', JSON.stringify({ dev: { key: a }, prod: [b, 1, null, true] }), [a, b]],
  ['JSON in JSON', JSON.stringify({ env: JSON.stringify({ key: a }) }), [a]],
  ['a JSON string', JSON.stringify(a), [a]],
  ['what looks like JSON and is not', `{"token": "${a}"`, [a]],
  ['JSON of eight levels', JSON.stringify(nested(8)), [a]],
  ['JSON that is deeper', JSON.stringify(nested(9)), []],
  [
    'a token of no known length amid white space',
    '\n  ' + 'cog_' + 'one' + ' \t ' + 'cog_' + 'two' + ' \n',
    ['cog_' + 'one', 'cog_' + 'two'],
  ],
  ['JSON with null, which is no object', '{"token": null}', []],
  ['nothing', '', []],
  ['another secret', 'hunter2', []],
  ['JSON without a token', '{"password": "hunter2", "port": 5432}', []],
  ['a legacy key', ['apk', Buffer.from('org-0a1b:secret').toString('base64')].join('_'), []],
])('a secret with %s', (_, secret, tokens) => {
  expect(tokensInSecret(secret).map((found) => found.reveal())).toEqual(tokens);
});
