import { expect, test } from 'vitest';
import { acceptDelete } from '../../lib/containment/accept-delete.ts';
import type { DeleteResult } from '../../lib/containment/revoke-key.ts';

const key = { service_user_id: 'service-user-a', api_key_id: 'key-a' };
const refused = (status: number, uncertain = false): DeleteResult => ({
  result: 'refused',
  status,
  uncertain,
  reason: `HTTP ${status}`,
  retryable: true,
});
const failed = (status: number) => ({
  status: 'decided',
  draft: { status: 'failed', ...key, reason: `HTTP ${status}`, retryable: true },
});
const others = { isOnlyAdmin: false, tokenWorks: true };
const ours = { isOnlyAdmin: true, tokenWorks: true };

test.each<[string, DeleteResult, typeof others, unknown]>([
  [
    'an answer 200 is accepted',
    { result: 'revoked', uncertain: false },
    others,
    { status: 'accepted', answer: 'revoked' },
  ],
  [
    'an answer 409 is accepted',
    { result: 'already_revoked', uncertain: true },
    others,
    { status: 'accepted', answer: 'already_revoked' },
  ],
  [
    'a key that is absent while the token works is the wrong key',
    { result: 'absent' },
    others,
    {
      status: 'decided',
      draft: {
        status: 'escalated',
        ...key,
        reason: 'Devin does not know the key, yet the token works: the report names the wrong key',
        next_step: 'invoke the function with the token alone',
      },
    },
  ],
  [
    'a key that is absent, with no token that works, is not found',
    { result: 'absent' },
    { isOnlyAdmin: false, tokenWorks: false },
    {
      status: 'decided',
      draft: {
        status: 'not_found',
        ...key,
        reason: 'Devin does not know the key, and the listing does not show it',
      },
    },
  ],
  [
    'a listing that stays incomplete clears nobody, and a person decides',
    { result: 'refused', incomplete: true, reason: 'it is incomplete', retryable: true },
    others,
    {
      status: 'decided',
      draft: {
        status: 'escalated',
        ...key,
        reason: 'it is incomplete',
        next_step: 'look at the keys of the service user in Devin, and whether this one is among them',
      },
    },
  ],
  ['a refusal fails the report', refused(403), others, failed(403)],
  ['a 401 fails the report', refused(401), others, failed(401)],
  ['a 401 after an attempt without an answer fails it too', refused(401, true), others, failed(401)],
  [
    'a 401 to the DELETE of our own only admin key, after an attempt without an answer, is presumed to be its death',
    refused(401, true),
    ours,
    { status: 'accepted', answer: 'presumed_revoked' },
  ],
  ['a 401 to the first DELETE of our own key is a refusal', refused(401), ours, failed(401)],
  ['another refusal of our own key stays one', refused(403, true), ours, failed(403)],
])('%s', (_, deleted, circumstances, expected) => {
  expect(acceptDelete(key, deleted, circumstances)).toEqual(expected);
});
