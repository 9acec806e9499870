import { describe, expect, test } from 'vitest';
import type { ApiKey, KeyListing, Revocation } from '../../lib/clients/devin-shapes.ts';
import { revokeKey } from '../../lib/containment/revoke-key.ts';
import type { Deletion } from '../../lib/domain/outcome-facts.ts';

const key = { service_user_id: 'service-user-a', api_key_id: 'key-a' };
const entry = (given: Partial<ApiKey> = {}): ApiKey => ({
  api_key_id: 'key-a',
  api_key_name: 'ci',
  created_at: 1,
  is_active: true,
  ...given,
});
const answered = (
  answer: 'revoked' | 'already_revoked' | 'not_found',
  uncertain = false,
): Extract<Revocation, { ok: true }> => ({ ok: true, answer, status: 200, uncertain });

async function revoke(answer: Revocation, listing?: KeyListing) {
  const steps: string[] = [];
  const deletions: Deletion[] = [];
  const result = await revokeKey(
    {
      revokeKey: async (given) => {
        steps.push(`DELETE ${given.service_user_id} ${given.api_key_id}`);
        return answer;
      },
      listKeys: async () => listing ?? expect.fail('nothing is to be listed'),
      probe: () => expect.fail('nothing is to be probed'),
      probeAdmin: () => expect.fail('nothing is to be probed'),
    },
    key,
    {
      markDelete: async ({ api_key_id }) => void steps.push(`mark ${api_key_id}`),
      deleteEnded: (deletion) => void deletions.push(deletion),
    },
    { deadline: Date.now() + 1_000 },
  );
  return { result, steps, deletions };
}

test('a DELETE is marked before it is sent', async () => {
  expect((await revoke(answered('revoked'))).steps).toEqual(['mark key-a', 'DELETE service-user-a key-a']);
});

describe('a DELETE', () => {
  test.each<[string, Revocation, KeyListing | undefined, object, object]>([
    ['that is answered 200', answered('revoked'), undefined, { result: 'revoked' }, { answer: 'revoked' }],
    [
      'that is answered 409',
      answered('already_revoked'),
      undefined,
      { result: 'already_revoked', uncertain: false },
      { answer: 'already_revoked' },
    ],
    [
      'that is answered 409 after an answer that was lost',
      answered('already_revoked', true),
      undefined,
      { result: 'already_revoked', uncertain: true },
      { answer: 'already_revoked', lost_answer: true },
    ],
    [
      'that is answered 404, of a key that is not listed',
      answered('not_found'),
      { ok: true, keys: [entry({ api_key_id: 'key-b' })] },
      { result: 'absent' },
      { answer: 'absent' },
    ],
    [
      'that is answered 404, of a key that is listed as active',
      answered('not_found'),
      { ok: true, keys: [entry()] },
      { result: 'refused', status: 404, retryable: true },
      { answer: 'refused' },
    ],
    [
      'that is answered 404, of a key that is listed as inactive',
      answered('not_found'),
      { ok: true, keys: [entry({ is_active: false })] },
      { result: 'already_revoked', uncertain: false },
      { answer: 'already_revoked' },
    ],
    [
      'that is answered 404, of a service user whose keys cannot be listed',
      answered('not_found'),
      { ok: false, reason: 'HTTP 503', status: 503, retryable: true },
      { result: 'refused', status: 404, retryable: true },
      { answer: 'refused' },
    ],
    [
      'that is answered 403',
      { ok: false, reason: 'HTTP 403', status: 403, retryable: false },
      undefined,
      { result: 'refused', retryable: false },
      { answer: 'refused' },
    ],
    [
      'that is answered 503 after an answer that was lost',
      { ok: false, reason: 'HTTP 503', status: 503, retryable: true, uncertain: true },
      undefined,
      { result: 'refused', uncertain: true },
      { answer: 'refused', lost_answer: true },
    ],
    [
      'that is not answered',
      { ok: false, reason: 'no answer', retryable: true },
      undefined,
      { result: 'refused', retryable: true },
      { answer: 'unanswered' },
    ],
  ])('%s', async (_, answer, listing, expected, recorded) => {
    const { deletions, result } = await revoke(answer, listing);

    expect(result).toMatchObject(expected);
    expect(deletions).toEqual([{ ...key, sent_at: expect.any(Number), ...recorded }]);
  });
});
