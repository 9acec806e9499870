import { expect, test } from 'vitest';
import {
  incompleteListing,
  ofAnotherEnterprise,
  ownSibling,
} from '../../lib/identify/escalate-candidates.ts';

const service_user_id = 'service-user-a';

test('an incomplete listing names no key, and says what a person needs to name it', () => {
  expect(incompleteListing(service_user_id, 'a page is missing')).toStrictEqual({
    status: 'escalated',
    service_user_id,
    reason: 'a page is missing',
    next_step:
      'look at the keys of service-user-a in Devin, decide which one leaked, and invoke the revoke function with {"service_user_id":"service-user-a","api_key_id":"<its id>"}',
  });
});

test('a token of another enterprise is for its admins', () => {
  expect(ofAnotherEnterprise(service_user_id)).toStrictEqual({
    status: 'escalated',
    service_user_id,
    reason: expect.stringContaining('our admin token does not see service-user-a (HTTP 404)'),
    next_step: expect.stringContaining('tell its admins'),
  });
});

test('candidates are dated by the clock of the API, in seconds', () => {
  const entry = { api_key_id: 'key-a', api_key_name: 'ci', created_at: 60, is_active: true };

  expect(ownSibling(service_user_id, [{ ...entry, last_used_at: 120 }, entry])).toMatchObject({
    candidates: [
      {
        api_key_id: 'key-a',
        api_key_name: 'ci',
        created_at: '1970-01-01T00:01:00.000Z',
        last_used_at: '1970-01-01T00:02:00.000Z',
      },
      { last_used_at: null },
    ],
  });
});
