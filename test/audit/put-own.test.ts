import { expect, test } from 'vitest';
import { putOwn } from '../../lib/audit/put-own.ts';
import type { AuditStore, Stored } from '../../lib/aws/write-once-bucket.ts';

const storeThat = (stored: Stored, text: string | undefined, isReadable = true): AuditStore => ({
  put: async () => stored,
  get: async () => (isReadable ? { ok: true, text } : { ok: false, reason: 'HTTP 503' }),
});

test.each<[string, AuditStore, string | undefined]>([
  ['is stored', storeThat({ result: 'stored' }, undefined), undefined],
  ['was stored by an attempt whose answer was lost', storeThat({ result: 'exists' }, 'mine'), undefined],
  ['stands in the way of another', storeThat({ result: 'exists' }, 'theirs'), 'another run wrote a/path'],
  ['is gone by now', storeThat({ result: 'exists' }, undefined), 'another run wrote a/path'],
  ['cannot be compared', storeThat({ result: 'exists' }, 'mine', false), 'another run wrote a/path'],
  ['is not taken', storeThat({ result: 'failed', reason: 'HTTP 503' }, undefined), 'HTTP 503'],
])('what one run alone writes %s', async (_, store, expected) => {
  expect(await putOwn(store, 'a/path', 'mine', { deadline: Date.now() })).toBe(expected);
});
