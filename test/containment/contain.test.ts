import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { ReportTrail } from '../../lib/audit/trail.ts';
import { SecretError } from '../../lib/aws/secrets.ts';
import type { Devin } from '../../lib/clients/devin.ts';
import type { GitHub } from '../../lib/clients/github.ts';
import { onlyPlace } from '../../lib/containment/batch-barrier.ts';
import { contain } from '../../lib/containment/contain.ts';
import type { Deps } from '../../lib/containment/deps.ts';
import type { Outcome } from '../../lib/domain/outcome.ts';
import type { Report } from '../../lib/domain/report.ts';
import { Token } from '../../lib/domain/token.ts';
import { devinDouble } from '../support/devin-double.ts';
import { captureOutput, type Output } from '../support/load-handler.ts';
import { report } from '../support/samples.ts';
// Loaded here, since clocks that are played wait for no import.
import '../../lib/containment/combine-leaks.ts';
import '../../lib/containment/handle-dead-token.ts';
import '../../lib/containment/rehearse.ts';
import '../../lib/containment/revoke-candidates.ts';
import '../../lib/identify/escalate-secret.ts';
import '../../lib/identify/target-by-search.ts';

const START = Date.parse('2026-07-30T08:26:40Z');
const SECOND = START / 1_000;
const { report_id } = report;
const timely = { deadline: START + 60_000 };

let output: Output;
beforeEach(() => {
  vi.useFakeTimers({ now: START });
  output = captureOutput();
});
afterEach(() => {
  output.restore();
  vi.useRealTimers();
});

/** The token `a` is of `key-a` of `service-user-a`, and so on. */
const tokenOf = (letter: string) => ['cog', letter.repeat(52)].join('_');
const userOf = (letter: string) => `service-user-${letter}`;
const keyOf = (letter: string) => ({ service_user_id: userOf(letter), api_key_id: `key-${letter}` });
const legacy = ['apk', Buffer.from(`org-${'1'.repeat(32)}:${'0'.repeat(32)}`).toString('base64')].join('_');

interface World {
  /** What the secret of the alert holds. */
  readonly secret?: string;
  readonly state?: 'open' | 'resolved';
  readonly alert?: { readonly created_at?: number };
  /** Letters of tokens that nobody knows: they are answered 401. */
  readonly dead?: readonly string[];
  readonly admin?: Partial<Deps['admin']>;
  readonly trail?: Partial<ReportTrail>;
  readonly deps?: Partial<Deps>;
  readonly devin?: Partial<Devin>;
}

function depsOf(world: World) {
  const steps: string[] = [];
  const revoked = new Set<string>();
  const isDead = (letter: string) => revoked.has(letter) || world.dead?.includes(letter);
  const github: GitHub = {
    getAlert: async (_ref, retry) => {
      expect(retry).toEqual(timely);
      return {
        ok: true,
        alert: {
          state: world.state ?? 'open',
          secret: new Token(world.secret ?? tokenOf('a')),
          ...world.alert,
        },
      };
    },
    resolveAlert: async (_ref, _comment, retry) => {
      expect(retry).toEqual(timely);
      steps.push('close');
      return { ok: true };
    },
    reopenAlert: async (_ref, retry) => {
      expect(retry).toEqual(timely);
      steps.push('reopen');
      return { ok: true };
    },
  };
  const devin = devinDouble({
    probe: async (token) => {
      const letter = token.reveal().at(-1) ?? '';
      const principal = { principal_type: 'service_user', service_user_id: userOf(letter) };
      return isDead(letter) ? { state: 'dead' } : { state: 'alive', principal, apiSecond: SECOND };
    },
    probeAdmin: async () => ({
      state: 'alive',
      principal: { principal_type: 'service_user', service_user_id: userOf('z') },
    }),
    listKeys: async (id) => {
      const letter = id.at(-1) ?? '';
      const is_active = !isDead(letter);
      return {
        ok: true,
        keys: [
          {
            ...keyOf(letter),
            api_key_name: letter,
            created_at: 0,
            is_active,
            revoked_at: is_active ? null : SECOND,
          },
        ],
      };
    },
    revokeKey: async ({ api_key_id }) => {
      steps.push(`DELETE ${api_key_id}`);
      revoked.add(api_key_id.at(-1) ?? '');
      return { ok: true, answer: 'revoked', status: 200, uncertain: false };
    },
    ...world.devin,
  });
  const trail: ReportTrail = {
    intent: async ({ service_user_id }, options) => {
      steps.push(`intent ${service_user_id}${options?.part ? ` of part ${options.part}` : ''}`);
      return { result: 'stored' };
    },
    markDelete: async () => {},
    deleteEnded: () => {},
    earlier: async () => ({}),
    history: async () => ({ deletions: [], collateral: [] }),
    settle: async (outcome) => {
      steps.push(`record ${outcome.status}`);
      return { result: 'stored', told: outcome };
    },
    again: async () => {
      steps.push('again');
      return { recorded: true };
    },
    planRecheck: async () => void steps.push('second look'),
    ...world.trail,
  };
  const deps = {
    admin: {
      get: async () => new Token(tokenOf('z')),
      insteadOf: async () => undefined,
      standby: async () => undefined,
      ...world.admin,
    },
    ambiguousKey: 'escalate',
    ...timely,
    devin,
    dryRun: false,
    github,
    place: onlyPlace(),
    proofWindowMs: 1_000,
    registry: {
      find: async () => undefined,
      recall: async () => undefined,
      note: async (token: Token, { api_key_id }: { api_key_id: string }) => {
        steps.push(`note ${api_key_id} for ${token.reveal().at(-1)}`);
        return 'stored';
      },
    },
    search: { searchMs: 0 },
    trail,
    ...world.deps,
  } as unknown as Deps;
  return { deps, steps };
}

async function run(world: World, given: Partial<Report> = {}) {
  const { deps, steps } = depsOf(world);
  const running = contain({ ...report, ...given }, deps);
  await vi.advanceTimersByTimeAsync(60_000);
  return { outcome: await running, steps };
}

const a = ['intent service-user-a', 'DELETE key-a'];

describe('a report', () => {
  test('ends in its steps, in order: intent, DELETE, alert, record', async () => {
    const { outcome, steps } = await run({});

    expect(outcome).toMatchObject({
      status: 'revoked',
      report_id,
      ...keyOf('a'),
      alert: { closed: true },
      recorded: true,
    });
    expect(outcome).not.toHaveProperty('leaks');
    expect(steps.slice(0, 4)).toEqual([...a, 'close', 'record revoked']);
    expect(steps.slice(4)).toEqual(['note key-a for a']);
    expect(output.entries()).toContainEqual(
      expect.objectContaining({ message: 'identified', report_id, ...keyOf('a'), method: 'only_active_key' }),
    );
  });

  test('keeps its alert open while no intent is stored, so that the next delivery comes back to it', async () => {
    const { outcome, steps } = await run({
      trail: { intent: async () => ({ result: 'failed', reason: 'HTTP 503' }) },
    });

    expect(outcome).toMatchObject({ status: 'revoked' });
    expect(outcome).not.toHaveProperty('alert');
    expect(steps).toEqual(['DELETE key-a', 'record revoked', 'note key-a for a']);
  });

  test('keeps its alert open while the intent of one of its tokens is not stored', async () => {
    const intent: ReportTrail['intent'] = async (_key, options) =>
      options?.part === 1 ? { result: 'failed', reason: 'HTTP 503' } : { result: 'stored' };
    const { outcome, steps } = await run({ secret: `${tokenOf('a')} ${tokenOf('b')}`, trail: { intent } });

    expect(outcome).toMatchObject({ status: 'revoked' });
    expect(steps).not.toContain('close');
  });

  const known: Outcome = { status: 'not_found', report_id, reason: 'gone' };
  const onRecord: World = { state: 'resolved', trail: { earlier: async () => ({ outcome: known }) } };

  test('that is on record answers with it, and has its records stored once more', async () => {
    expect(await run(onRecord)).toEqual({ outcome: { ...known, recorded: true }, steps: ['again'] });
  });

  test.each<[string, World, Partial<Report>]>([
    ['a token', {}, {}],
    ['several tokens', { secret: `${tokenOf('a')} ${tokenOf('b')}` }, {}],
    ['ids', {}, { leak: { kind: 'key', ...keyOf('a') } }],
  ])('of %s whose intent shows that it is on record answers with that', async (_, world, given) => {
    const trail: Partial<ReportTrail> = {
      intent: async () => ({ result: 'exists' }),
      earlier: async () => ({ outcome: known }),
    };

    expect(await run({ ...world, trail }, given)).toEqual({
      outcome: { ...known, recorded: true },
      steps: ['again'],
    });
  });

  test('that is on record is left alone by a dry run', async () => {
    expect(await run({ ...onRecord, deps: { dryRun: true } })).toEqual({ outcome: known, steps: [] });
  });

  test('of a resolved alert that no delivery began with is ignored', async () => {
    const { outcome, steps } = await run({ state: 'resolved' });

    expect(outcome).toMatchObject({ status: 'ignored', reason: 'the alert is resolved already' });
    expect(steps).toEqual([]);
  });

  test('of a key goes by its ids', async () => {
    const { outcome, steps } = await run({}, { leak: { kind: 'key', ...keyOf('b') } });

    expect(outcome).toMatchObject({ status: 'revoked', ...keyOf('b'), attribution: { method: 'ids' } });
    expect(steps).toEqual(['intent service-user-b', 'DELETE key-b', 'record revoked']);
  });

  test('in a dry run says what would be done, and does nothing', async () => {
    const { outcome, steps } = await run({ deps: { dryRun: true } });

    expect(outcome).toMatchObject({
      status: 'rehearsed',
      ...keyOf('a'),
      would_end: 'revoked',
      would_do: [
        'revoke API key key-a of service-user-a',
        'prove it dead',
        'resolve alert 42 of acme/webshop',
        'record the outcome revoked',
      ],
    });
    expect(steps).toEqual(['record rehearsed']);
  });

  test('of ids in a dry run goes by the listing', async () => {
    const { outcome, steps } = await run(
      { deps: { dryRun: true } },
      { leak: { kind: 'key', ...keyOf('b') } },
    );

    expect(outcome).toMatchObject({ status: 'rehearsed', would_end: 'revoked', ...keyOf('b') });
    expect(steps).toEqual(['record rehearsed']);
  });

  test('in a dry run says what would be done about a token that is dead', async () => {
    const { outcome } = await run({ dead: ['a'], deps: { dryRun: true } });

    expect(outcome).toMatchObject({
      status: 'rehearsed',
      would_end: 'already_revoked',
      would_do: ['resolve alert 42 of acme/webshop', 'record the outcome already_revoked'],
    });
  });

  test('of a token that may be of several keys is logged by its service user', async () => {
    const entry = { created_at: 0, is_active: true, api_key_name: '' };
    const keys = [
      { ...entry, api_key_id: 'key-a' },
      { ...entry, api_key_id: 'key-b' },
    ];
    const { outcome } = await run({
      deps: { ambiguousKey: 'revoke_all' },
      devin: { listKeys: async () => ({ ok: true, keys }) },
    });

    expect(outcome).toMatchObject({ status: 'revoked', ...keyOf('a') });
    const line = output.entries().find(({ message }) => message === 'identified');
    expect(line).toMatchObject({ service_user_id: userOf('a'), method: 'elimination' });
    expect(line).not.toHaveProperty('api_key_id');
  });

  test.each<[string, Partial<Report>, boolean]>([
    ['of a new leak is measured', {}, true],
    ['of a sweep is not measured', { detector: 'sweep' }, false],
    ['that its sender repeats is not measured', { redeliver: false }, false],
  ])('%s', async (_, given, expected) => {
    await run({}, given);

    expect(output.text().includes('SecondsToRevoke')).toBe(expected);
  });

  test.each([
    ['what the detector says', {}, report.leaked_at],
    ['the alert, where it says when it was made', { created_at: START - 90_000 }, START - 90_000],
  ])('dates the leak by %s', async (_, alert, expected) => {
    const { outcome } = await run({ alert });

    expect(outcome.exposure?.leaked_at).toBe(new Date(expected ?? 0).toISOString());
  });
});

describe('a step that fails', () => {
  const broken = (error: Error): World => ({
    trail: { earlier: () => Promise.reject(error) },
    state: 'resolved',
  });

  test.each<[string, Error, string]>([
    ['by an error of our own says so', new SecretError('id', 'unavailable', 'is down'), 'id'],
    [
      'by another error is named alone, since its message may quote input',
      new TypeError('secret'),
      'TypeError',
    ],
  ])('%s', async (_, error, named) => {
    const { outcome, steps } = await run(broken(error));

    expect(outcome).toMatchObject({
      status: 'failed',
      retryable: true,
      reason: expect.stringContaining(named),
    });
    expect(JSON.stringify(outcome) + output.text()).not.toContain('"secret"');
    expect(steps).toEqual(['record failed']);
    expect(output.entries()).toContainEqual(expect.objectContaining({ message: 'a step failed' }));
  });

  test('by what is no error is an unexpected one', async () => {
    const { outcome } = await run({ trail: { earlier: () => Promise.reject('secret') }, state: 'resolved' });

    expect(outcome).toMatchObject({ status: 'failed', reason: 'unexpected error' });
  });
});

describe('several tokens', () => {
  const secret = `${tokenOf('a')} ${tokenOf('b')}`;

  test('are contained one after the other, each with an intent of its own', async () => {
    const { outcome, steps } = await run({ secret });

    expect(outcome).toMatchObject({
      status: 'revoked',
      leaks: [
        { status: 'revoked', api_key_id: 'key-a' },
        { status: 'revoked', api_key_id: 'key-b' },
      ],
    });
    expect(steps).toEqual([
      ...a,
      'intent service-user-b of part 1',
      'DELETE key-b',
      'close',
      'record revoked',
      'note key-a for a',
      'note key-b for b',
    ]);
  });

  test('end with our own, which the others need', async () => {
    const { steps } = await run({ secret, admin: { get: async () => new Token(tokenOf('a')) } });

    expect(steps.filter((step) => step.startsWith('DELETE'))).toEqual(['DELETE key-b', 'DELETE key-a']);
    expect(steps).toContain('intent service-user-b of part 1');
    expect(steps).toContain('intent service-user-a');
  });

  test('do not fail each other', async () => {
    let reads = 0;
    const { outcome, steps } = await run({
      secret,
      admin: {
        get: async () => {
          reads += 1;
          if (reads === 2) throw new SecretError('id', 'unavailable', 'is down');
          return new Token(tokenOf('z'));
        },
      },
    });

    expect(outcome).toMatchObject({ status: 'failed', leaks: [{ status: 'failed' }, { status: 'revoked' }] });
    expect(steps).toContain('DELETE key-b');
    expect(steps).not.toContain('close');
  });

  test('beside a legacy key leave that to a person', async () => {
    const { outcome } = await run({ secret: `${tokenOf('a')} ${legacy}` });

    expect(outcome).toMatchObject({
      status: 'escalated',
      leaks: [{ status: 'revoked' }, { status: 'escalated', org_id: expect.any(String) }],
    });
  });

  test('beyond twenty are left to a person', async () => {
    const letters = [...'abcdefghijklmnopqrstu'];
    const many = await run({ secret: letters.map(tokenOf).join(' ') });

    expect(many.outcome.leaks).toHaveLength(21);
    expect(many.outcome).toMatchObject({
      status: 'escalated',
      reason: 'the secret holds 21 tokens, of which the first 20 were looked at',
    });
    expect(many.steps).not.toContain('DELETE key-u');
    vi.setSystemTime(START);
    const few = await run({ secret: letters.slice(0, 20).map(tokenOf).join(' ') });
    expect(few.outcome).toMatchObject({ status: 'revoked' });
  });
});

describe('a second look', () => {
  const unknown: World = { dead: ['a'] };

  test('is planned when the alert is closed on the word of a 401 alone', async () => {
    const { outcome, steps } = await run(unknown);

    expect(outcome).toMatchObject({ status: 'already_revoked', owner: 'unknown', alert: { closed: true } });
    expect(new Set(steps)).toEqual(new Set(['close', 'record already_revoked', 'second look']));
  });

  test('at a token that works opens the alert again, and closes it when its key is dead', async () => {
    const { outcome, steps } = await run({ state: 'resolved' }, { recheck: true });

    expect(outcome).toMatchObject({ status: 'revoked', alert: { closed: true } });
    expect(steps.slice(0, 5)).toEqual(['reopen', ...a, 'close', 'record revoked']);
    expect(output.counted()).toContain('IncidentReopened');
    expect(output.text()).not.toContain('alert not reopened');
  });

  test('opens an alert once for all of its tokens', async () => {
    const secret = `${tokenOf('a')} ${tokenOf('b')}`;
    const { steps } = await run({ secret, state: 'resolved' }, { recheck: true });

    expect(steps.filter((step) => step === 'reopen')).toHaveLength(1);
  });

  test.each<[string, World, Partial<Report>]>([
    ['in a dry run', { state: 'resolved', deps: { dryRun: true } }, { recheck: true }],
    ['while it is open', {}, { recheck: true }],
    ['at the first look', {}, {}],
    ['where there is none', {}, { recheck: true, leak: { kind: 'token' }, token: new Token(tokenOf('a')) }],
    ['while its token is dead', { ...unknown, state: 'resolved' }, { recheck: true }],
  ])('opens no alert %s', async (_, world, given) => {
    const { outcome, steps } = await run(world, given);

    expect(outcome.status).not.toBe('failed');
    expect(steps).not.toContain('reopen');
  });

  test('raises the alarm though the alert cannot be opened', async () => {
    const { deps } = depsOf({ state: 'resolved' });
    const refused = { ok: false, reason: 'HTTP 403', retryable: false } as const;
    const github = { ...deps.github, reopenAlert: async () => refused } as GitHub;
    const { outcome } = await run({ deps: { github } }, { recheck: true });

    expect(outcome).toMatchObject({ status: 'revoked' });
    expect(output.entries()).toContainEqual(
      expect.objectContaining({ message: 'a token that was taken for dead works', report_id }),
    );
    expect(output.entries()).toContainEqual(
      expect.objectContaining({ message: 'alert not reopened', report_id, reason: 'HTTP 403' }),
    );
  });
});

describe('our only admin token', () => {
  const own = (more: Partial<Deps> = {}) => {
    const waits: number[] = [];
    const place = { ...onlyPlace(), waitForOthers: async (until: number) => void waits.push(until) };
    const admin = { get: async () => new Token(tokenOf('a')) };
    return { waits, world: { admin, deps: { place, ...more } } satisfies World };
  };

  test('waits for the other reports of the batch, and keeps the time for its own DELETE', async () => {
    const { waits, world } = own();
    const { outcome } = await run(world);

    expect(outcome).toMatchObject({ status: 'revoked', own_key: true, next_step: expect.any(String) });
    expect(waits).toEqual([START + 45_000]);
  });

  test('waits for nobody in a dry run, which says that it is ours', async () => {
    const { waits, world } = own({ dryRun: true });

    expect((await run(world)).outcome).toMatchObject({ status: 'rehearsed', own_key: true });
    expect(waits).toEqual([]);
  });

  test('is marked as ours when nothing is revoked', async () => {
    const { world } = own();
    const listKeys: Devin['listKeys'] = async () => ({ ok: false, reason: 'HTTP 503', retryable: true });

    expect((await run({ ...world, devin: { listKeys } })).outcome).toMatchObject({
      status: 'failed',
      own_key: true,
    });
  });

  test('is the only one that waits', async () => {
    const { waits, world } = own();
    await run({ deps: world.deps });

    expect(waits).toEqual([]);
  });
});

test('what no retry can mend says how to start it again', async () => {
  const { outcome } = await run({ deps: { github: undefined } });

  expect(outcome).toMatchObject({
    status: 'failed',
    retryable: false,
    next_step: expect.stringContaining('"github_alert"'),
  });
});
