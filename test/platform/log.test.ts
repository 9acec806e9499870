import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { afterSend, errorFields, log, logRecord } from '../../lib/platform/log.ts';
import { captureOutput, type Output } from '../support/load-handler.ts';

let output: Output;
beforeEach(() => {
  output = captureOutput();
});
afterEach(() => output.restore());

test('a line is JSON with its time, its level and its fields', () => {
  log('warn', 'a "message"', { report_id: 'a/b', count: 3 });

  expect(output.entries()).toEqual([
    { time: expect.any(String), level: 'warn', message: 'a "message"', report_id: 'a/b', count: 3 },
  ]);
});

test('what is written after a request comes after this turn', async () => {
  afterSend(() => log('info', 'later'));
  log('info', 'sooner');
  await new Promise((resolve) => setImmediate(resolve));

  expect(output.entries()).toMatchObject([{ message: 'sooner' }, { message: 'later' }]);
});

test('a record stands at the end of its line', () => {
  logRecord('recorded', { report_id: 'a/b' }, '{"kind":"outcome"}');

  expect(output.entries()).toMatchObject([{ report_id: 'a/b', record: { kind: 'outcome' } }]);
});

describe('of an error its name and its code are logged, and nothing that may quote input', () => {
  const secret = ['cog', 'S3cretS3cretS3cret'].join('_');
  const cause = new Error(secret);
  test.each<[string, unknown, object]>([
    ['an error', new Error(secret, { cause }), { error: 'Error' }],
    [
      'an error with a code',
      Object.assign(new Error(secret), { code: 'ECONNRESET', detail: secret }),
      { error: 'Error', code: 'ECONNRESET' },
    ],
    [
      'an error with a code that is no text',
      Object.assign(new Error(secret), { code: 7 }),
      { error: 'Error' },
    ],
    ['an error of its own kind', new SyntaxError(secret), { error: 'SyntaxError' }],
    ['a text that was thrown', secret, { error: 'string' }],
    ['nothing', undefined, { error: 'undefined' }],
  ])('%s', (_, error, expected) => {
    expect(errorFields(error)).toStrictEqual(expected);
  });
});
