import { expect, test } from 'vitest';
import type { LedgerEntry } from '../../../lib/sweep/alerts/alert-ledger.ts';
import { type OrgPass, updateLedger } from '../../../lib/sweep/alerts/update-ledger.ts';

const DAY = 86_400_000;
const NOW = Date.UTC(2026, 10, 24);
const ENTRY: LedgerEntry = {
  action: 'created',
  at: NOW - DAY,
  updated: NOW - DAY,
  public: false,
  active: false,
  phase: 'settled',
  queued: 1,
  due: 0,
};
const NAME = 'acme/webshop/1';
const whole: OrgPass = { seen: new Set(), isWhole: true, isEnded: true };

const update = (entries: Record<string, LedgerEntry>, pass: OrgPass, org = 'acme') =>
  updateLedger(new Map(Object.entries(entries)), new Map([[org, pass]]), NOW);

test.each<[string, OrgPass, LedgerEntry]>([
  ['is listed', { ...whole, seen: new Set([NAME]) }, ENTRY],
  ['a whole listing no longer shows', whole, { ...ENTRY, gone: NOW }],
  ['a listing that began later does not show', { ...whole, isWhole: false }, ENTRY],
  ['a listing that ended early does not show', { seen: new Set(), isWhole: true }, ENTRY],
])('an alert that %s is remembered as it should be', (_, pass, expected) => {
  expect(update({ [NAME]: ENTRY }, pass)).toEqual({ [NAME]: expected });
});

test.each<[string, number, boolean]>([
  ['less than 90 days ago is remembered, with that time', NOW - 90 * DAY + 1, true],
  ['90 days ago is forgotten', NOW - 90 * DAY, false],
])('an alert that was gone %s', (_, gone, isKept) => {
  const entry = { ...ENTRY, gone };

  expect(update({ [NAME]: entry }, whole)).toEqual(isKept ? { [NAME]: entry } : {});
});

test('an alert of an organisation that is no longer swept is forgotten', () => {
  expect(update({ [NAME]: ENTRY }, whole, 'acm')).toEqual({});
});

test('an organisation is the same however it is written', () => {
  expect(update({ [NAME]: ENTRY, 'ACME/api/2': ENTRY }, whole, 'Acme')).toEqual({
    [NAME]: { ...ENTRY, gone: NOW },
    'ACME/api/2': { ...ENTRY, gone: NOW },
  });
});

test('of more than 10,000 that are gone, the newest are remembered, and all that are open', () => {
  const gone = Array.from({ length: 10_002 }, (_, at): [string, LedgerEntry] => [
    `acme/gone/${at + 1}`,
    { ...ENTRY, gone: NOW - 10_002 + at },
  ]);
  const seen = new Set(['acme/open/1']);
  const names = Object.keys(
    update({ ...Object.fromEntries(gone), 'acme/open/1': ENTRY }, { ...whole, seen }),
  );

  expect(names).toHaveLength(10_001);
  expect(names[0]).toBe('acme/open/1');
  expect(names).not.toContain('acme/gone/1');
  expect(names).not.toContain('acme/gone/2');
  expect(names).toContain('acme/gone/3');
});
