import { expect, test } from 'vitest';
import { withoutTokens } from '../../lib/aftermath/without-tokens.ts';
import { Token } from '../../lib/domain/token.ts';
import { busy } from '../support/aftermath-samples.ts';

const secret = `cog_${'Xy9'.repeat(13)}`;
const part = secret.slice(7, 19);
const [first] = busy.sessions.listed;
const quoting = {
  ...busy,
  sessions: {
    ...busy.sessions,
    listed: first === undefined ? [] : [{ ...first, title: `see ${part}`, url: `https://a/${part}` }],
  },
  schedules: {
    ...busy.schedules,
    listed: busy.schedules.listed.map((schedule) => ({ ...schedule, name: part, frequency: part })),
  },
};

test('parts of a known token are redacted from texts and links', () => {
  const clean = withoutTokens(quoting, [new Token(secret)]);

  expect(JSON.stringify(clean)).not.toContain(part.slice(0, 8));
  expect(clean.sessions.listed).toMatchObject([{ title: 'see [redacted]', url: 'https://a/[redacted]' }]);
  expect(clean.schedules.listed).toMatchObject([{ name: '[redacted]', frequency: '[redacted]' }]);
});

test('all else stays as it is', () => {
  expect(withoutTokens(busy, [new Token(secret)])).toEqual(busy);
  expect(withoutTokens(quoting, [])).toEqual(quoting);
});
