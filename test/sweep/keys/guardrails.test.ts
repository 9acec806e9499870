import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Block,
  type Caps,
  findBlocks,
  isReleasable,
  NOTHING,
  type PlanConditions,
  type Totals,
} from '../../../lib/sweep/keys/guardrails.ts';

const totals: Totals = { ...NOTHING, users: 100, keys: 200, active: 100, revoke: 4 };
const caps: Caps = { maxRevocations: 25, maxRatio: 0.2 };
const fine: PlanConditions = {
  skewSeconds: 0,
  ownKnown: true,
  previous: 'none',
  unlisted: 0,
  exemptUnused: [],
};

type Row = {
  when: string;
  totals?: Partial<Totals>;
  caps?: Partial<Caps>;
  conditions?: Partial<PlanConditions>;
  guards: Block['guard'][];
};
const guards = (row: Row): Block['guard'][] =>
  findBlocks({ ...totals, ...row.totals }, { ...caps, ...row.caps }, { ...fine, ...row.conditions }).map(
    (block) => block.guard,
  );

describe('the guard rails', () => {
  test.each<Row>([
    { when: 'all is well', guards: [] },
    { when: 'it revokes exactly the cap', totals: { revoke: 25, active: 1_000 }, guards: [] },
    { when: 'it revokes one over the cap', totals: { revoke: 26, active: 1_000 }, guards: ['cap'] },
    { when: 'the cap is 0', totals: { revoke: 1 }, caps: { maxRevocations: 0 }, guards: ['cap'] },
    { when: 'it revokes exactly 20 %', totals: { revoke: 3, active: 15 }, guards: [] },
    { when: 'it revokes just over 20 %', totals: { revoke: 3, active: 14 }, guards: ['ratio'] },
    { when: 'no key is active', totals: { revoke: 1, active: 0 }, guards: ['ratio'] },
    {
      when: 'no key is active and any share may go',
      totals: { revoke: 1, active: 0 },
      caps: { maxRatio: 1 },
      guards: ['ratio'],
    },
    { when: 'nothing is there at all', totals: { revoke: 0, active: 0 }, guards: [] },
    {
      when: 'it revokes three times as many as last time',
      totals: { revoke: 9 },
      conditions: { previous: { revoke: 3 } },
      guards: [],
    },
    {
      when: 'it revokes more than three times as many',
      totals: { revoke: 10 },
      conditions: { previous: { revoke: 3 } },
      guards: ['surge'],
    },
    {
      when: 'it revokes five, and last time none',
      totals: { revoke: 5 },
      conditions: { previous: { revoke: 0 } },
      guards: [],
    },
    {
      when: 'it revokes six, and last time none',
      totals: { revoke: 6 },
      conditions: { previous: { revoke: 0 } },
      guards: ['surge'],
    },
    { when: 'the clock is 300 s off', conditions: { skewSeconds: 300 }, guards: [] },
    { when: 'the clock is 301 s off', conditions: { skewSeconds: 301 }, guards: ['clock'] },
    { when: 'the clock is not known', conditions: { skewSeconds: undefined }, guards: ['clock'] },
    { when: 'the clock is not a number', conditions: { skewSeconds: Number.NaN }, guards: ['clock'] },
    { when: 'the listing broke off', conditions: { broken: 'HTTP 500' }, guards: ['listing'] },
    { when: 'our own key is not known', conditions: { ownKnown: false }, guards: ['own_key'] },
    {
      when: 'the previous plan is not readable',
      conditions: { previous: 'unreadable' },
      guards: ['previous'],
    },
    { when: 'no key is listed', totals: { keys: 0, active: 0, revoke: 0 }, guards: ['listing'] },
    { when: 'half of the keys are not found', conditions: { unlisted: 50 }, guards: [] },
    { when: 'most keys are not found', conditions: { unlisted: 51 }, guards: ['listing'] },
    {
      when: 'a few removed service users are all',
      totals: { users: 30 },
      conditions: { unlisted: 20 },
      guards: [],
    },
    { when: 'an exemption matches nothing', conditions: { exemptUnused: ['typo'] }, guards: ['exempt'] },
    {
      when: 'an exemption matches nothing and nothing is to be revoked',
      totals: { revoke: 0 },
      conditions: { exemptUnused: ['typo'] },
      guards: [],
    },
    {
      when: 'the clock is wrong and nothing is to be revoked',
      totals: { revoke: 0 },
      conditions: { skewSeconds: 400 },
      guards: ['clock'],
    },
    {
      when: 'the numbers are none',
      totals: { revoke: Number.NaN, active: Number.NaN },
      guards: ['cap', 'ratio'],
    },
  ])('block with $guards when $when', (row) => {
    expect(guards(row)).toEqual(row.guards);
  });

  test('let a person release what is too much, and nothing that cannot be trusted', () => {
    const block = (name: Block['guard']): Block => ({ guard: name, reason: '' });

    expect(isReleasable([block('cap'), block('ratio'), block('surge'), block('exempt')])).toBe(true);
    expect(isReleasable([])).toBe(true);
    for (const name of ['listing', 'clock', 'own_key', 'previous'] as const) {
      expect(isReleasable([block('cap'), block(name)]), name).toBe(false);
    }
  });

  test('never let through more than a cap, whatever the numbers are', () => {
    const number = fc.oneof(fc.nat(2_000), fc.constant(Number.NaN), fc.double());
    fc.assert(
      fc.property(number, number, number, fc.double({ min: 0, max: 1 }), (revoke, active, cap, ratio) => {
        const blocks = findBlocks(
          { ...totals, revoke, active },
          { maxRevocations: cap, maxRatio: ratio },
          { ...fine, previous: 'none' },
        );
        if (blocks.length > 0 || revoke === 0) return;
        expect(revoke).toBeLessThanOrEqual(cap);
        expect(revoke / active).toBeLessThanOrEqual(ratio);
      }),
      { numRuns: 2_000 },
    );
  });
});
