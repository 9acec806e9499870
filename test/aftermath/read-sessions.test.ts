import { describe, expect, test } from 'vitest';
import { type KeptSession, readSessions } from '../../lib/aftermath/read-sessions.ts';
import type { DevinActivity, ListEnd } from '../../lib/clients/devin-activity.ts';
import type { Session } from '../../lib/clients/devin-activity-shapes.ts';

const OWN = 'service-user-1';
const SINCE = 1_000;
const COMPLETE: ListEnd = { status: 'complete' };
const FAILED: ListEnd = { status: 'failed', reason: 'HTTP 503', retryable: true };
const retry = { deadline: 7 };

const session = (session_id: string, given: Partial<Session> = {}): Session => ({
  session_id,
  org_id: 'org-1',
  status: 'running',
  created_at: SINCE,
  service_user_id: OWN,
  ...given,
});
const kept = (session_id: string, given: Partial<KeptSession> = {}): KeptSession => ({
  session_id,
  org_id: 'org-1',
  status: 'running',
  created_at: SINCE,
  pull_requests: [],
  child_session_ids: [],
  isNamed: true,
  ...given,
});

interface World {
  readonly own: readonly Session[];
  /** All sessions of the enterprise. */
  readonly all?: readonly Session[];
  readonly ownEnd?: ListEnd;
  readonly allEnd?: ListEnd;
  readonly since?: number;
}

async function read({ all, allEnd = COMPLETE, own, ownEnd = COMPLETE, since = SINCE }: World) {
  const asked: unknown[] = [];
  const listSessions: DevinActivity['listSessions'] = async (filter, take, options) => {
    asked.push(filter);
    expect(options).toEqual({ retry, maxPages: 100 });
    if (filter.serviceUserId === OWN) {
      // Page by page.
      for (const one of own) take([one]);
      return ownEnd;
    }
    take(all ?? expect.fail('the sessions of others are not to be read'));
    return allEnd;
  };
  return { ...(await readSessions({ listSessions }, OWN, since, retry)), asked };
}
const found = (sessions: readonly KeptSession[], more: object = {}) => ({
  sessions,
  end: COMPLETE,
  unseenChildren: 0,
  ...more,
});

/** Of a path, of no path, and one that holds a token. */
const odd = ['../x', 'a.b', Buffer.from(['cog', 'a'.repeat(52)].join('_')).toString('hex')];

describe('the sessions of a service user', () => {
  test.each<[string, World, object]>([
    [
      'are all that it started since then, the oldest first',
      { own: [session('b', { created_at: 1_002 }), session('a')] },
      found([kept('a'), kept('b', { created_at: 1_002 })]),
    ],
    ['are not those from before', { own: [session('a', { created_at: SINCE - 1 })] }, found([])],
    [
      'are not those of another one',
      { own: [session('a', { service_user_id: 'service-user-2' })] },
      found([]),
    ],
    [
      'are those that name nobody, as the list says so alone',
      { own: [session('a', { service_user_id: null })] },
      found([kept('a', { isNamed: false })]),
    ],
    [
      'are not all of a list that failed',
      { own: [session('a')], ownEnd: FAILED },
      found([kept('a')], { end: FAILED }),
    ],
    [
      'are not all while one has an id that must not be sent',
      { own: [session('a'), ...odd.map((id) => session(id)), session('b', { org_id: 'a/b' })] },
      found([kept('a')], {
        end: { status: 'failed', reason: '4 sessions have ids of an unexpected form', retryable: false },
      }),
    ],
    [
      'failed for the reason of the list, where that failed as well',
      { own: [session('../x')], ownEnd: FAILED },
      found([], { end: FAILED }),
    ],
  ])('%s', async (_, world, expected) => {
    const { asked, ...result } = await read(world);

    expect(result).toStrictEqual(expected);
    expect(asked).toEqual([{ createdAfter: SINCE - 1, serviceUserId: OWN }]);
  });

  test('are asked for from 1970 on at the earliest', async () => {
    expect((await read({ own: [], since: 0 })).asked).toEqual([{ createdAfter: 0, serviceUserId: OWN }]);
  });
});

describe('children of a session', () => {
  const parent = session('parent', { child_session_ids: ['child'] });
  const keptParent = kept('parent', { child_session_ids: ['child'] });
  const child = session('child', { service_user_id: 'service-user-2', parent_session_id: 'parent' });
  const keptChild = kept('child', { parent_session_id: 'parent' });

  test('are looked for among all sessions', async () => {
    const { asked, ...result } = await read({ own: [parent], all: [child] });

    expect(result).toStrictEqual(found([keptParent, keptChild]));
    expect(asked).toEqual([{ createdAfter: SINCE - 1, serviceUserId: OWN }, { createdAfter: SINCE - 1 }]);
  });

  test.each<[string, World, object]>([
    [
      'come with their own, which only they name',
      {
        own: [parent],
        all: [child, session('grandchild', { parent_session_id: 'child', service_user_id: null })],
      },
      found([keptParent, keptChild, kept('grandchild', { parent_session_id: 'child' })]),
    ],
    [
      'are found by their parent alone, though they name another one',
      { own: [parent], all: [session('child', { parent_session_id: 'other' })] },
      found([keptParent, kept('child', { parent_session_id: 'other' })]),
    ],
    [
      'are named no better than their parent',
      { own: [{ ...parent, service_user_id: null }], all: [{ ...child, service_user_id: OWN }] },
      found([
        { ...keptParent, isNamed: false },
        { ...keptChild, isNamed: false },
      ]),
    ],
    [
      'are named no better than their parent, though one of them names the service user',
      {
        own: [{ ...parent, service_user_id: null }],
        all: [{ ...child, service_user_id: OWN }, session('grandchild', { parent_session_id: 'child' })],
      },
      found([
        { ...keptParent, isNamed: false },
        { ...keptChild, isNamed: false },
        kept('grandchild', { parent_session_id: 'child', isNamed: false }),
      ]),
    ],
    [
      'are not sessions without a parent, nor those of others, nor those from before',
      {
        own: [parent],
        all: [
          session('child'),
          session('other', { parent_session_id: 'another' }),
          session('old', { parent_session_id: 'parent', created_at: SINCE - 1 }),
        ],
      },
      found([keptParent], { unseenChildren: 1 }),
    ],
    [
      'that no list shows are counted',
      { own: [parent], all: [] },
      found([keptParent], { unseenChildren: 1 }),
    ],
    [
      'with an id that must not be sent are unseen',
      { own: [parent], all: [{ ...child, org_id: 'a/b' }] },
      found([keptParent], { unseenChildren: 1 }),
    ],
    [
      'are not all where the list of all failed',
      { own: [parent], all: [child], allEnd: FAILED },
      found([keptParent, keptChild], { end: FAILED }),
    ],
    [
      'are as complete as the list of the service user, where that of all has more',
      { own: [parent], all: [child], allEnd: { status: 'more', pages: 100 } },
      found([keptParent, keptChild]),
    ],
    [
      'are looked for though the list of the service user has more',
      { own: [parent], all: [child], ownEnd: { status: 'more', pages: 100 } },
      found([keptParent, keptChild], { end: { status: 'more', pages: 100 } }),
    ],
    [
      'are not looked for where the list of the service user failed',
      { own: [parent], ownEnd: FAILED },
      found([keptParent], { end: FAILED, unseenChildren: 1 }),
    ],
    [
      'are not looked for where the list of the service user shows them',
      { own: [parent, session('child')] },
      found([keptParent, kept('child')]),
    ],
    [
      'may be their own parents',
      {
        own: [session('a', { child_session_ids: ['b'] })],
        all: [session('b', { parent_session_id: 'a', child_session_ids: ['a'] })],
      },
      found([
        kept('a', { child_session_ids: ['b'] }),
        kept('b', { parent_session_id: 'a', child_session_ids: ['a'] }),
      ]),
    ],
  ])('%s', async (_, world, expected) => {
    const { asked: _asked, ...result } = await read(world);

    expect(result).toStrictEqual(expected);
  });
});

describe('of a session is kept', () => {
  const links = (count: number) =>
    Array.from({ length: count }, (_, at) => ({ pr_url: `https://github.com/a/b/pull/${at}` }));

  test.each<[string, Partial<Session>, Partial<KeptSession>]>([
    [
      'what people wrote, as plain text, and its links',
      {
        title: `a\nb ${'word '.repeat(30)}`,
        url: 'https://app.devin.ai/sessions/a',
        user_id: 'user-1',
        pull_requests: [...links(6), { pr_url: null }],
      },
      {
        title: `${`a b ${'word '.repeat(30)}`.slice(0, 79)}…`,
        url: 'https://app.devin.ai/sessions/a',
        as_user: 'user-1',
        pull_requests: links(5).map(({ pr_url }) => pr_url),
      },
    ],
    [
      'nothing that is empty or no link',
      { title: '', url: 'javascript:0', user_id: '', pull_requests: null, parent_session_id: '' },
      {},
    ],
    ['no user id of another form', { user_id: 'a b' }, { as_user: '[a user id of an unexpected form]' }],
    ['no status of another form', { status: 'Running!' }, { status: 'unknown' }],
    ['no status with more before it', { status: 'Xexit' }, { status: 'unknown' }],
    ['no status with more behind it', { status: 'exit!' }, { status: 'unknown' }],
    ['no parent of another form', { parent_session_id: '../x' }, {}],
  ])('%s', async (_, given, expected) => {
    expect((await read({ own: [session('a', given)] })).sessions).toStrictEqual([kept('a', expected)]);
  });

  test('no child of another form, and a hundred of them at most', async () => {
    const ids = Array.from({ length: 120 }, (_, at) => `child-${at}`);
    const { sessions, unseenChildren } = await read({
      own: [session('a', { child_session_ids: ['../x', ...ids] })],
      all: [],
    });

    expect(sessions[0]?.child_session_ids).toEqual(ids.slice(0, 100));
    expect(unseenChildren).toBe(100);
  });
});
