import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type ActParts, actOn } from '../../lib/aftermath/act-on.ts';
import type { Sight } from '../../lib/aftermath/look-at.ts';
import type { Act } from '../../lib/aftermath/read-acts.ts';
import type { KeptSession } from '../../lib/aftermath/read-sessions.ts';
import { QueueError } from '../../lib/aws/sqs.ts';
import type { Session } from '../../lib/clients/devin-activity-shapes.ts';
import type { AftermathRequest } from '../../lib/domain/aftermath.ts';
import { LeakReport } from '../../lib/domain/report.ts';
import { captureOutput, type Output } from '../support/load-handler.ts';
import { report } from '../support/samples.ts';

const OWN = 'service-user-1';
const SINCE = 1_000;
const complete = { status: 'complete' } as const;
const request: AftermathRequest = {
  version: 1,
  kind: 'aftermath',
  service_user_id: OWN,
  api_key_id: 'key-leaked',
  leaked_at: 0,
  attempt: 1,
  report: LeakReport.parse(report),
};
const session = (id: string, given: Partial<KeptSession> = {}): KeptSession => ({
  session_id: id,
  org_id: 'org-1',
  status: 'running',
  created_at: SINCE,
  pull_requests: [],
  child_session_ids: [],
  isNamed: true,
  ...given,
});
const made = (api_key_id: string, owner = OWN): Act => ({
  action: 'create_service_user_api_key',
  at: SINCE,
  ids: { service_user_id: owner, api_key_id },
});
const sight = (sessions: readonly KeptSession[], acts: readonly Act[] = []): Sight => ({
  since: SINCE,
  until: SINCE + 60,
  sessions: { sessions, end: complete, unseenChildren: 0 },
  acts: { acts, byAction: new Map(), end: complete },
  schedules: [],
  usual: undefined,
  keys: { ok: true, keys: [] },
  problems: [],
});

let output: Output;
beforeEach(() => {
  output = captureOutput();
});
afterEach(() => output.restore());

interface World extends Partial<ActParts> {
  /** What is read of the sessions after they were ended. */
  readonly after?: readonly Session[];
}

function partsOf({ after, ...more }: World = {}) {
  const steps: string[] = [];
  const parts: ActParts = {
    activity: {
      endSession: async ({ session_id }) => {
        steps.push(`end ${session_id}`);
        return { status: 'accepted' };
      },
      listSessions: async ({ createdAfter, serviceUserId }, take) => {
        expect([createdAfter, serviceUserId]).toEqual([SINCE - 1, OWN]);
        take(after ?? [ended('a')]);
        // What a list showed before it failed proves nothing.
        return after === undefined ? { status: 'failed', reason: 'HTTP 503', retryable: true } : complete;
      },
      listAuditLog: () => expect.fail('no acts are to be read'),
      listSchedules: () => expect.fail('no schedules are to be read'),
    },
    mode: 'terminate',
    max: 2,
    recordIntent: async ({ session_id }) => {
      steps.push(`intent ${session_id}`);
      return true;
    },
    earlierIntents: async () => {
      steps.push('earlier intents');
      return new Set(['over-intended']);
    },
    ownServiceUsers: async () => {
      steps.push('own service users');
      return ['service-user-admin'];
    },
    send: async (message) => void steps.push(`queue ${LeakReport.parse(message).report_id}`),
    proofWindowMs: 0,
    retry: { deadline: Date.now() + 5_000 },
    ...more,
  };
  return { parts, steps };
}

async function act(given: Sight, world: World = {}, asked: Partial<AftermathRequest> = {}) {
  const { parts, steps } = partsOf(world);
  const { ends, queued, ...rest } = await actOn({ ...request, ...asked }, given, parts);
  return { ends: Object.fromEntries(ends), queued: [...queued], ...rest, steps };
}
const nothing = { ends: {}, queued: [], escalated: [], problems: [], steps: [] };
const over = [session('over', { status: 'exit' }), session('over-intended', { status: 'error' })];
const ended = (id: string, status = 'exit'): Session => ({
  session_id: id,
  org_id: 'org-1',
  status,
  created_at: SINCE,
  service_user_id: OWN,
});
const running = [session('a'), ...over];
const keys = [made('key-1')];

describe('what runs', () => {
  test('is ended with its intent stored, and is read again', async () => {
    expect(await act(sight(running), { after: [ended('a')] })).toEqual({
      ...nothing,
      ends: { a: { end: 'ended', status: 'exit' }, 'over-intended': { end: 'over_after_intent' } },
      steps: ['intent a', 'end a', 'earlier intents'],
    });
  });

  test.each<[string, World, string]>([
    ['that still runs is a problem', { after: [ended('a', 'running')] }, 'it shows running'],
    ['that cannot be read again is a problem', {}, 'the list does not show it'],
  ])('%s', async (_, world, seen) => {
    const reason = `its end is not proven: ${seen}`;

    expect(await act(sight([session('a')]), world)).toMatchObject({
      ends: { a: { end: 'unproven' } },
      problems: [{ reason: `session a: ${reason}`, retryable: true }],
    });
  });

  test('whose end is refused is a problem that another try does not mend, where it is none', async () => {
    const { parts } = partsOf();
    const refused = { status: 'failed', reason: 'HTTP 404', retryable: false, uncertain: false } as const;
    const activity = { ...parts.activity, endSession: async () => refused };

    expect((await act(sight([session('a')]), { activity })).problems).toEqual([
      { reason: 'session a: HTTP 404', retryable: false },
    ]);
  });

  test.each<[string, Sight, World, Partial<AftermathRequest>, object]>([
    ['is left alone in the mode report', sight(running), { mode: 'report' }, {}, nothing],
    [
      'is named in a dry run, and left alone',
      sight(running),
      {},
      { dry_run: true },
      { ...nothing, ends: { a: { end: 'would_end' } } },
    ],
    [
      'is left to a person when our own key leaked',
      sight([session('a')]),
      {},
      { own_key: true },
      { ...nothing, escalated: [expect.stringContaining('that of this software')] },
    ],
    [
      'is left to a person when it is more than may be ended',
      sight([session('a'), session('b'), session('c')]),
      {},
      {},
      { ...nothing, escalated: [expect.stringContaining('AFTERMATH_MAX (2)')] },
    ],
    [
      'is left to a person when the list is not whole',
      {
        ...sight([session('a')]),
        sessions: { sessions: [session('a')], end: { status: 'more', pages: 1 }, unseenChildren: 0 },
      },
      {},
      {},
      { ...nothing, escalated: [expect.stringContaining('not all sessions')] },
    ],
    [
      'is left to a person when a child of it is not seen',
      { ...sight([session('a')]), sessions: { sessions: [session('a')], end: complete, unseenChildren: 1 } },
      {},
      {},
      { ...nothing, escalated: [expect.stringContaining('not all sessions')] },
    ],
  ])('%s', async (_, given, world, asked, expected) => {
    expect(await act(given, world, asked)).toEqual(expected);
  });
});

describe('what is over', () => {
  test('after an intent of an earlier try is said to be so', async () => {
    expect(await act(sight(over))).toEqual({
      ...nothing,
      ends: { 'over-intended': { end: 'over_after_intent' } },
      steps: ['earlier intents'],
    });
  });

  test.each<[string, Sight, World, Partial<AftermathRequest>]>([
    ['in the mode report', sight(over), { mode: 'report' }, {}],
    ['in a dry run', sight(over), {}, { dry_run: true }],
    ['where nothing is', sight([]), {}, {}],
  ])('is not asked for %s', async (_, given, world, asked) => {
    expect(await act(given, world, asked)).toEqual(nothing);
  });
});

describe('keys that were made', () => {
  const queuedKey = (id: string) => `queue aftermath/${OWN}/${id}`;

  test('are queued, but for the leaked one', async () => {
    expect(await act(sight([], [made('key-leaked'), made('key-1'), made('key-2')]))).toEqual({
      ...nothing,
      queued: ['key-1', 'key-2'],
      steps: ['own service users', queuedKey('key-1'), queuedKey('key-2')],
    });
  });

  test.each<[string, Sight, World, Partial<AftermathRequest>, object]>([
    ['are left alone in the mode report', sight([], keys), { mode: 'report' }, {}, nothing],
    ['are left alone in a dry run', sight([], keys), {}, { dry_run: true }, nothing],
    [
      'are left to a person when our own key made them',
      sight([], keys),
      {},
      { own_key: true },
      {
        ...nothing,
        escalated: [expect.stringContaining('the key of this software')],
        steps: ['own service users'],
      },
    ],
    [
      'are left to a person while our own are not known',
      sight([], keys),
      { ownServiceUsers: async () => undefined },
      {},
      { ...nothing, escalated: [expect.stringContaining('it is not known')] },
    ],
    [
      'are left to a person without a queue',
      sight([], keys),
      { send: undefined },
      {},
      {
        ...nothing,
        escalated: ['there is no queue for the keys that were made'],
        steps: ['own service users'],
      },
    ],
  ])('%s', async (_, given, world, asked, expected) => {
    expect(await act(given, world, asked)).toEqual(expected);
  });

  test('do not fail each other', async () => {
    const sent: unknown[] = [];
    const world: World = {
      send: async (message, retry) => {
        expect(retry).toEqual({ deadline: expect.any(Number) });
        const { report_id } = LeakReport.parse(message);
        if (report_id.endsWith('key-1')) throw new QueueError('HTTP 503');
        if (report_id.endsWith('key-3')) throw new TypeError('a bug');
        sent.push(message);
      },
    };
    const { problems, queued } = await act(sight([], [made('key-1'), made('key-2'), made('key-3')]), {
      ...world,
      max: 3,
    });

    expect(queued).toEqual(['key-2']);
    expect(sent).toMatchObject([{ reason: `made since a leak by ${OWN}, whose key leaked` }]);
    expect(problems).toEqual([
      { reason: 'key key-1 could not be queued: HTTP 503', retryable: true },
      { reason: 'key key-3 could not be queued: TypeError', retryable: true },
    ]);
    expect(output.entries()).toMatchObject([
      { level: 'error', api_key_id: 'key-1', error: 'QueueError' },
      { level: 'error', api_key_id: 'key-3', error: 'TypeError' },
    ]);
  });
});

test('what is left to a person of sessions and of keys is said of both', async () => {
  const { escalated } = await act(sight([session('a')], keys), {}, { own_key: true });

  expect(escalated).toEqual([
    expect.stringContaining('no session was ended'),
    expect.stringContaining('none was queued'),
  ]);
});
