import { expect, test } from 'vitest';
import { ownershipOf, ownUnknown } from '../../lib/identify/ownership.ts';

test.each([
  ['ours when it is a token of this software', true, ['ours'], 'ours'],
  ['ours though nothing is known of our service users', true, undefined, 'ours'],
  ['a sibling in the service user of one', false, ['another', 'ours'], 'sibling'],
  ['that of another', false, ['another'], 'other'],
  ['unknown while our service users are', false, undefined, 'unknown'],
] as const)('a leaked token is %s', (_, isOurToken, own, expected) => {
  expect(ownershipOf('ours', isOurToken, own)).toBe(expected);
});

test('while it is not known which service users are ours, the report is tried again', () => {
  expect(ownUnknown('service-user-a')).toEqual({
    status: 'decided',
    draft: {
      status: 'failed',
      service_user_id: 'service-user-a',
      retryable: true,
      reason: expect.stringContaining('no key is revoked by inference'),
    },
  });
});
