import { expect, test } from 'vitest';
import { ofLegacyKeys, tooManyTokens } from '../../lib/identify/escalate-secret.ts';

test.each<[string, Parameters<typeof ofLegacyKeys>[0], object, string]>([
  [
    'of a user, in an organisation',
    [{ user_id: 'user-1', org_id: 'org-2' }],
    { user: { user_id: 'user-1' }, org_id: 'org-2' },
    'user user-1 in organisation org-2',
  ],
  ['of an organisation', [{ org_id: 'org-2' }], { org_id: 'org-2' }, 'organisation org-2'],
  ['that does not decode', [{}], {}, 'an owner that it does not name'],
  [
    'beside another one, which is named too',
    [{ user_id: 'user-1' }, { org_id: 'org-2' }],
    { user: { user_id: 'user-1' } },
    'user user-1, organisation org-2',
  ],
])('a person revokes a legacy key %s', (_, owners, facts, names) => {
  expect(ofLegacyKeys(owners)).toStrictEqual({
    status: 'escalated',
    ...facts,
    reason: `the secret is a legacy key (apk_…) of ${names}, which only the API v2 revokes`,
    next_step: expect.stringContaining('DELETE /v2/enterprise/api-keys/{id}'),
  });
});

test('a person reports the tokens beyond the limit', () => {
  expect(tooManyTokens(12, 10)).toStrictEqual({
    status: 'escalated',
    reason: 'the secret holds 12 tokens, of which the first 10 were looked at',
    next_step: 'invoke the revoke function with each of the others; the alert stays open',
  });
});
