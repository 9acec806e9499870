import { expect, test } from 'vitest';
import { parseHeader } from '../../lib/audit/siem-header.ts';

const json = (header: string): string => JSON.stringify({ header, value: ' hush ' });
const long = 'x'.repeat(64);

test.each([
  [' Splunk hush\n', { authorization: 'Splunk hush' }],
  [json('X-Api-Key'), { 'x-api-key': ' hush ' }],
  [json(long), { [long]: ' hush ' }],
])('the secret %j is the header %j', (secret, expected) => {
  expect(parseHeader(secret)).toEqual(expected);
});

test.each(['', `${long}x`, 'X-Api-Key:', ' X-Api-Key', 'X\r\nY', 'X_Y'])(
  'what is not the name of a header names none: %j',
  (name) => {
    expect(parseHeader(json(name))).toEqual({ authorization: json(name) });
  },
);
