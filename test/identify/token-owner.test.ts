import { expect, test } from 'vitest';
import type { Probe } from '../../lib/clients/devin-shapes.ts';
import { tokenOwner } from '../../lib/identify/token-owner.ts';

const alive = (principal_type: string, service_user_id?: string): Probe => ({
  state: 'alive',
  principal: { principal_type, service_user_id },
});
const escalated = (principal_type: string) => ({
  status: 'decided',
  draft: {
    status: 'escalated',
    principal_type,
    reason: `the token belongs to a principal of type ${principal_type}, not to a service user`,
    next_step: 'find its owner in Devin and revoke it there; the alert stays open',
  },
});

const ofUnusualId = {
  status: 'decided',
  draft: {
    status: 'escalated',
    principal_type: 'service_user',
    reason:
      'the token belongs to a service user whose id is not of the documented form, so that no call names its keys',
    next_step: 'find the service user in Devin and revoke its key there; the alert stays open',
  },
};

test.each<[string, Probe, unknown]>([
  ['a dead token is nobody’s', { state: 'dead' }, { status: 'nobody' }],
  [
    'a probe that proves nothing fails, to be retried',
    { state: 'unknown', reason: 'HTTP 503', isTransient: true },
    {
      status: 'decided',
      draft: {
        status: 'failed',
        retryable: true,
        reason: 'Devin does not say whose token it is: HTTP 503',
      },
    },
  ],
  [
    'a service user is known by its id',
    alive('service_user', 'service-user-a'),
    { status: 'service_user', service_user_id: 'service-user-a' },
  ],
  [
    'a personal access token is escalated to its owner',
    alive('pat_user'),
    {
      status: 'decided',
      draft: {
        status: 'escalated',
        principal_type: 'pat_user',
        reason: 'the token is a personal access token, which no admin call revokes',
        next_step:
          'have its owner delete the token in the Devin settings, or remove the user; the alert stays open',
      },
    },
  ],
  [
    'a personal access token says which it is and whose',
    {
      state: 'alive',
      principal: {
        principal_type: 'pat_user',
        api_key_id: 'key-1',
        api_key_name: 'laptop',
        user_id: 'user-1',
        user_name: 'Ada',
      },
    },
    {
      status: 'decided',
      draft: {
        status: 'escalated',
        principal_type: 'pat_user',
        api_key_id: 'key-1',
        api_key_name: 'laptop',
        user: { user_id: 'user-1', user_name: 'Ada' },
        reason: 'the token is a personal access token of Ada (user-1), which no admin call revokes',
        next_step:
          'have Ada (user-1) delete the token "laptop" (key-1) in the Devin settings, or remove the user; the alert stays open',
      },
    },
  ],
  [
    'a personal access token is not a service user’s, whatever id comes with it',
    alive('pat_user', 'service-user-a'),
    {
      status: 'decided',
      draft: expect.objectContaining({ status: 'escalated', principal_type: 'pat_user' }),
    },
  ],
  ['another principal is escalated', alive('devin_brain'), escalated('devin_brain')],
  ['a session’s token is escalated', alive('windsurf_session'), escalated('windsurf_session')],
  ['a principal of a new type is escalated without its name', alive('../<new>'), escalated('unknown')],
  ['a service user without an id is escalated', alive('service_user'), ofUnusualId],
  ['an id that must not enter a path is escalated', alive('service_user', 'service-user-a/b'), ofUnusualId],
])('%s', (_, probe, expected) => {
  expect(tokenOwner(probe)).toEqual(expected);
});
