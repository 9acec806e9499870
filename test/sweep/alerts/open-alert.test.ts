import { expect, test } from 'vitest';
import { ledgerName, type OpenAlert, readOpenAlert } from '../../../lib/sweep/alerts/open-alert.ts';

const CREATED = '2026-11-01T08:00:00Z';
const UPDATED = '2026-11-20T09:30:00Z';
const ALERT: OpenAlert = { number: 7, created_at: CREATED, repository: { full_name: 'acme/webshop' } };
const STATE = { created: Date.parse(CREATED), updated: Date.parse(CREATED), public: false, active: false };

test.each<[string, Partial<OpenAlert>, object]>([
  ['that was never changed', {}, STATE],
  ['without a time of its change', { updated_at: null }, STATE],
  ['that was changed', { updated_at: UPDATED }, { ...STATE, updated: Date.parse(UPDATED) }],
  ['that is public', { publicly_leaked: true }, { ...STATE, public: true }],
  ['that is not public', { publicly_leaked: false }, STATE],
  ['that its issuer confirmed', { validity: 'active' }, { ...STATE, active: true }],
  ['that its issuer did not confirm', { validity: 'inactive' }, STATE],
])('an alert %s is read', (_, given, state) => {
  const ref = { owner: 'acme', repo: 'webshop', number: 7 };

  expect(readOpenAlert({ ...ALERT, ...given })).toEqual({ ref, state });
});

test.each<[string, Partial<OpenAlert>]>([
  ['of no repository', { repository: { full_name: 'acme' } }],
  ['of a number that is none', { number: 0 }],
  ['made at no time', { created_at: 'yesterday', updated_at: UPDATED }],
  ['changed at no time', { updated_at: 'yesterday' }],
])('an alert %s is not read', (_, given) => {
  expect(readOpenAlert({ ...ALERT, ...given })).toBeUndefined();
});

test('an alert has its organisation, its repository and its number for a name', () => {
  expect(ledgerName('Acme', ALERT)).toBe('Acme/webshop/7');
  expect(ledgerName('Acme', { ...ALERT, repository: { full_name: 'acme' } })).toBeUndefined();
});
