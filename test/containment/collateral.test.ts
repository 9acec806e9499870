import { describe, expect, test } from 'vitest';
import { type History, NO_HISTORY } from '../../lib/audit/history.ts';
import { collateralOf, withHistory } from '../../lib/containment/collateral.ts';
import type { OutcomeDraft } from '../../lib/domain/outcome.ts';
import type { Deletion } from '../../lib/domain/outcome-facts.ts';

const service_user_id = 'service-user-a';
const draft: OutcomeDraft = {
  status: 'revoked',
  service_user_id,
  api_key_id: 'key-a',
  evidence: 'token_rejected',
  proof: { method: 'token', probes: 3, at: 0 },
};
const lost = (api_key_id: string, api_key_name = '') =>
  collateralOf(service_user_id, { api_key_id, api_key_name });
const deletion = (api_key_id: string, answer: Deletion['answer'] = 'revoked'): Deletion => ({
  service_user_id,
  api_key_id,
  sent_at: 1,
  answer,
});

test.each([
  ['of its name', 'ci', '{"name":"ci"}'],
  ['of its id where it has no name', '', '{"name":"key-b"}'],
])('who lost a key gets the call that makes its successor, %s', (_, api_key_name, body) => {
  expect(lost('key-b', api_key_name)).toEqual({
    api_key_id: 'key-b',
    api_key_name,
    replace_with: `POST /v3beta1/enterprise/service-users/service-user-a/api-keys ${body}`,
  });
});

describe('the outcome', () => {
  test.each<[string, OutcomeDraft, Partial<History>, object]>([
    ['is as it is without a history', draft, {}, draft],
    [
      'names a key that an earlier delivery revoked and that is not the leaked one',
      draft,
      { deletions: [deletion('key-b'), deletion('key-a')] },
      { ...draft, collateral: [lost('key-b')] },
    ],
    [
      'does not name keys whose DELETE had no effect that is known',
      draft,
      {
        deletions: (['already_revoked', 'absent', 'refused', 'unanswered'] as const).map((answer, at) =>
          deletion(`key-${at}`, answer),
        ),
      },
      draft,
    ],
    [
      'names each key once, by its name where one is known',
      { ...draft, collateral: [lost('key-b', 'ci')] },
      { collateral: [lost('key-b'), lost('key-c', 'cd')], deletions: [deletion('key-b'), deletion('key-c')] },
      { ...draft, collateral: [lost('key-b', 'ci'), lost('key-c', 'cd')] },
    ],
    [
      'does not call collateral what turned out to be the leaked key',
      draft,
      { collateral: [lost('key-a', 'ci')] },
      draft,
    ],
    ['remembers that the key is our own', draft, { own_key: true }, { ...draft, own_key: true }],
  ])('%s', (_, given, history, expected) => {
    expect(withHistory(given, { ...NO_HISTORY, ...history })).toStrictEqual(expected);
  });
});
