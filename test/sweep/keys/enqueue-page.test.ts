import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ApiKey, KeyListing } from '../../../lib/clients/devin-shapes.ts';
import { type LeakReport, ReportId } from '../../../lib/domain/report.ts';
import type { CurrentOwner } from '../../../lib/sweep/keys/current-owner.ts';
import { enqueuePage, toReport } from '../../../lib/sweep/keys/enqueue-page.ts';
import { NOTHING } from '../../../lib/sweep/keys/guardrails.ts';
import type { SwitchState } from '../../../lib/sweep/keys/kill-switch.ts';
import type { Entry, Page, Start } from '../../../lib/sweep/keys/plan.ts';
import { captureOutput, type Output } from '../../support/load-handler.ts';

const DAY = 86_400;
const NOW = Date.parse('2026-11-23T03:00:00Z');
const SECONDS = NOW / 1_000;
const USER = 'service-user-a';
const DEADLINE = NOW + 60_000;
const LISTED = { from: 'cursor-1', to: 'cursor-2' };
let output: Output;
beforeEach(() => {
  output = captureOutput();
});
afterEach(() => output.restore());

const START: Start = {
  version: 1,
  plan_id: '20261123T030000Z-00000000',
  started_at: NOW,
  invoked_by: 'schedule',
  mode: 'enforce',
  policy: { maxIdleDays: 90, warnDays: [], exempt: [] },
  caps: { maxRevocations: 25, maxRatio: 1 },
  own: [],
};
const keyOf = (api_key_id: string, given: Partial<ApiKey> = {}): ApiKey => ({
  api_key_id,
  api_key_name: 'ci',
  created_at: SECONDS - 400 * DAY,
  expires_at: null,
  revoked_at: null,
  last_used_at: SECONDS - 300 * DAY,
  is_active: true,
  ...given,
});
const entryOf = (api_key_id: string): Entry => ({
  service_user_id: USER,
  service_user_name: 'robot',
  api_key_id,
  api_key_name: 'ci',
  created_at: SECONDS - 400 * DAY,
  expires_at: null,
  last_used_at: SECONDS - 300 * DAY,
  decision: 'revoke',
  rule: 'max_idle',
});

interface Given {
  readonly ids?: readonly string[];
  readonly owner?: CurrentOwner;
  readonly listing?: KeyListing;
  /** Answers of the kill switch, the last of which stands. */
  readonly states?: readonly SwitchState['state'][];
}

async function enqueue({
  ids = ['key-a'],
  listing = { ok: true, keys: ids.map((id) => keyOf(id)) },
  owner = { status: 'found', owner: { service_user_id: USER, name: 'robot' } },
  states = ['running'],
}: Given = {}) {
  const page: Page = {
    version: 1,
    plan_id: START.plan_id,
    page: 3,
    next: null,
    totals: NOTHING,
    skew_seconds: 0,
    unlisted: 0,
    earlier_cursor: null,
    seen: [],
    exempt_unused: [],
    entries: ids.map(entryOf),
  };
  const sent: LeakReport[] = [];
  const asked: unknown[] = [];
  let reads = 0;
  const acted = await enqueuePage(START, page, {
    devin: {
      listServiceUsers: async () => expect.fail('its owner is found otherwise'),
      listKeys: async (...args) => {
        asked.push(args);
        return listing;
      },
    },
    findOwner: async (...args) => {
      asked.push(args);
      return owner;
    },
    killSwitch: {
      read: async (...args) => {
        asked.push(args);
        const state = states[Math.min(reads++, states.length - 1)] ?? expect.fail('no state');
        return state === 'unknown' ? { state, reason: 'HTTP 503' } : { state };
      },
      set: async () => {},
    },
    send: async (report) => void sent.push(report),
    deadline: DEADLINE,
    today: START,
    listed: LISTED,
    by: 'schedule',
  });
  return { acted, sent, asked };
}

test('a key that is still due is queued, and logged with its rule', async () => {
  const { acted, asked, sent } = await enqueue();

  const report_id = `sweep/${START.plan_id}/${USER}/key-a`;
  expect(sent.map((report) => report.report_id)).toEqual([report_id]);
  expect(acted).toEqual({
    version: 1,
    plan_id: START.plan_id,
    page: 3,
    queued: [report_id],
    left: [],
  });
  // Each of them within the time of the invocation.
  expect(asked).toEqual([[USER, LISTED], [USER, { deadline: DEADLINE }], [{ deadline: DEADLINE }]]);
  expect(output.entries()).toEqual([
    expect.objectContaining({ message: 'revocation queued', report_id, rule: 'max_idle' }),
  ]);
});

const listed = (given: Partial<ApiKey>): Given => ({
  listing: { ok: true, keys: [keyOf('key-a', given)] },
});
test.each<[string, Given]>([
  ['its service user is not listed any more', { owner: { status: 'not_listed' } }],
  [
    'its service user cannot be checked again: HTTP 503',
    { owner: { status: 'unknown', reason: 'HTTP 503' } },
  ],
  ['cannot be checked again: HTTP 500', { listing: { ok: false, reason: 'HTTP 500', retryable: true } }],
  ['not listed any more', { listing: { ok: true, keys: [keyOf('key-b')] } }],
  ['changed', listed({ created_at: SECONDS - 401 * DAY })],
  ['changed', listed({ expires_at: SECONDS + DAY })],
  ['not due any more: no_expiry', listed({ last_used_at: SECONDS })],
  ['due by another rule now: owner_removed', listed({ is_active: false })],
])('a key is left because it is so: %s', async (reason, given) => {
  const { acted, sent } = await enqueue(given);

  expect(sent).toEqual([]);
  expect(acted).toMatchObject({
    queued: [],
    left: [{ service_user_id: USER, api_key_id: 'key-a', reason }],
  });
});

describe('the kill switch', () => {
  const ids = ['key-a', 'key-b', 'key-c', 'key-d', 'key-e', 'key-f'];

  test.each<[SwitchState['state']]>([['stopped'], ['unknown']])(
    'that is %s after some keys leaves the rest, though it is lifted meanwhile',
    async (state) => {
      const { acted, sent } = await enqueue({ ids, states: ['running', 'running', state, 'running'] });

      expect(acted).toBeUndefined();
      // Those that were asked about before, and not one that is begun later.
      expect(sent.length).toBeLessThanOrEqual(3);
    },
  );

  test('is read for each key', async () => {
    const { asked, sent } = await enqueue({ ids });

    expect(sent).toHaveLength(ids.length);
    expect(asked).toHaveLength(3 * ids.length);
  });
});

describe('the report of a key', () => {
  const idOf = (apiKeyId: string) => toReport(START, entryOf(apiKeyId), 'schedule').report_id;
  const hash = (id: string): string => `sha256-${createHash('sha256').update(id).digest('hex')}`;

  test.each([
    ['key-a', 'key-a'],
    ['A.b_c-9', 'A.b_c-9'],
    ['k'.repeat(200), 'k'.repeat(200)],
    ['k'.repeat(201), hash('k'.repeat(201))],
    ['key~a', hash('key~a')],
    ['~key', hash('~key')],
    ['key~', hash('key~')],
  ])('%s is a report of its own, which can be one: %s', (apiKeyId, segment) => {
    expect(idOf(apiKeyId)).toBe(`sweep/${START.plan_id}/${USER}/${segment}`);
    expect(ReportId.safeParse(idOf(apiKeyId)).success).toBe(true);
  });

  test('has its rule for a reason, in words where there are some', () => {
    const reasonOf = (rule: string) => toReport(START, { ...entryOf('key-a'), rule }, 'schedule').reason;

    expect(reasonOf('expired')).toBe(`the key is expired and not revoked; plan ${START.plan_id}`);
    expect(reasonOf('some_rule')).toBe(`some_rule; plan ${START.plan_id}`);
  });
});
