import { expect, test } from 'vitest';
import { rememberKey } from '../../lib/containment/remember-key.ts';
import type { OutcomeDraft } from '../../lib/domain/outcome.ts';
import { Token } from '../../lib/domain/token.ts';
import { captureOutput } from '../support/load-handler.ts';

const token = new Token(['cog', 'not-a-real-one'].join('_'));
const key = { service_user_id: 'service-user-a', api_key_id: 'key-a' };
const proof = { method: 'token', probes: 1, at: 1 } as const;
const attribution = { method: 'ids', confidence: 'certain' } as const;
const revoked: OutcomeDraft = { status: 'revoked', ...key, evidence: 'token_rejected', proof, attribution };

async function remembered(draft: OutcomeDraft, given: Token | undefined = token): Promise<unknown[]> {
  const notes: unknown[] = [];
  await rememberKey({ ...draft, report_id: 'console/1' }, given, {
    note: async (...note: unknown[]) => {
      notes.push(note);
      return 'stored';
    },
  });
  return notes;
}
const entry = {
  version: 1,
  ...key,
  source: 'leak',
  method: 'revocation',
  noted_at: proof.at,
  report_id: 'console/1',
};

test('a token that died with its key is remembered, with how sure the key is', async () => {
  expect(await remembered(revoked)).toEqual([[token, { ...entry, confidence: 'certain' }]]);
});

test('a key that nothing attributes is remembered with medium confidence', async () => {
  const { attribution: _, ...unattributed } = revoked;
  expect(await remembered(unattributed)).toEqual([[token, { ...entry, confidence: 'medium' }]]);
});

test('what an investigator asks of a leak of our own key is remembered with it', async () => {
  const exposure = {
    seen_at: '2026-07-30T08:00:00.000Z',
    used_by_us_at: '2026-07-30T08:00:01.000Z',
    last_used_at: '2026-07-30T07:00:00.000Z',
  };
  const { last_used_at, used_by_us_at } = exposure;

  expect(await remembered({ ...revoked, own_key: true, exposure })).toEqual([
    [token, { ...entry, confidence: 'certain', used_by_us_at, last_used_at, own_key: true }],
  ]);
});

test('a key that somebody else revoked meanwhile is remembered too', async () => {
  const draft: OutcomeDraft = { ...revoked, status: 'already_revoked', evidence: 'token_rejected' };
  expect(await remembered(draft)).toHaveLength(1);
});

test.each<[string, OutcomeDraft]>([
  ['a key without its service user', { ...revoked, service_user_id: undefined } as unknown as OutcomeDraft],
  ['a service user without its key', { ...revoked, api_key_id: undefined } as unknown as OutcomeDraft],
  [
    'a token that was dead on arrival',
    { status: 'already_revoked', ...key, evidence: 'dead_on_arrival', proof, attribution },
  ],
  [
    'a key that the listing alone proves dead',
    { ...revoked, evidence: 'listed_inactive', proof: { ...proof, method: 'listing' } },
  ],
  ['a key that is not named', { status: 'already_revoked', evidence: 'token_rejected', proof }],
  ['a token that still works', { status: 'still_alive', ...key, reason: 'it works', retryable: true }],
  ['a failure', { status: 'failed', ...key, reason: 'HTTP 500', retryable: true }],
])('%s is not remembered', async (_, draft) => {
  expect(await remembered(draft)).toEqual([]);
});

test.each([
  ['stored', []],
  ['kept', []],
  ['failed', [{ level: 'warn', message: 'which key the token was of is not noted', report_id: 'console/1' }]],
] as const)('a note that is %s: a failure alone is logged', async (result, lines) => {
  const output = captureOutput();
  await rememberKey({ ...revoked, report_id: 'console/1' }, token, { note: async () => result });
  const logged = output.entries();
  output.restore();

  expect(logged).toMatchObject(lines);
  expect(logged).toHaveLength(lines.length);
});

test('a report without a token leaves nothing to remember', async () => {
  const note = async () => expect.fail('nothing is noted');
  await rememberKey({ ...revoked, report_id: 'console/1' }, undefined, { note });
});
