import type { Context } from 'aws-lambda';
import { describe, expect, test } from 'vitest';
import { caller, callerOf } from '../../lib/intake/caller.ts';
import { lambdaContext } from '../support/load-handler.ts';

const token = ['cog', 'S3cretS3cretS3cretS3cret'].join('_');
const identity = { cognitoIdentityId: 'eu-central-1:identity', cognitoIdentityPoolId: 'pool' };
const client = (custom: unknown) => ({ clientContext: { custom } }) as unknown as Partial<Context>;

describe('who invoked the function', () => {
  test.each<[string, Partial<Context>, string | undefined]>([
    ['is nobody for a plain invoke', {}, undefined],
    ['is a Cognito identity', { identity }, 'eu-central-1:identity'],
    ['is whom the client context names', client({ caller: 'alice@example.com' }), 'alice@example.com'],
    [
      'is the identity before the name',
      { identity, ...client({ caller: 'alice' }) },
      'eu-central-1:identity',
    ],
    ['is nobody for a client context without more', client(undefined), undefined],
    ['is nobody for a token', client({ caller: token }), undefined],
    ['is nobody for what is no name', client({ caller: 'a b' }), undefined],
    ['is nobody for what is no text', client({ caller: 7 }), undefined],
  ])('%s', (_, context, expected) => {
    expect(callerOf(lambdaContext(context))).toBe(expected);
  });
});

test('a name that a record may hold is bounded', () => {
  expect(caller('A'.repeat(256))).toBe('A'.repeat(256));
  expect(caller('A'.repeat(257))).toBeUndefined();
  expect(caller('')).toBeUndefined();
});
