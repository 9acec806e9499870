import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Token } from '../../lib/domain/token.ts';
import { BadEventError, type Origin, readRequest } from '../../lib/intake/request.ts';

const NOW = Date.UTC(2026, 10, 23, 8, 42, 22);
const origin: Origin = { detector: 'console', invoked_by: 'console', id: 'request-1', time: NOW - 5_000 };
const ids = { service_user_id: 'service-user-0a1b2c', api_key_id: 'key-3d4e5f' };
const alert = { owner: 'acme', repo: 'webshop', number: 7 };
/** Alike to a token, put together here so that no scanner takes this file for a leak. */
const token = ['cog', 'S3cretS3cretS3cretS3cretS3cretS3cretS3cr'].join('_');

beforeEach(() => {
  vi.setSystemTime(NOW);
});
afterEach(() => {
  vi.useRealTimers();
});

/** The message of the refusal; a request that is taken, or fails in another way, fails the test. */
function refusal(value: unknown, from: Origin = origin): string {
  try {
    readRequest(value, from);
  } catch (error) {
    if (error instanceof BadEventError) return error.message;
    throw error;
  }
  throw new Error('the request was taken');
}

describe('a request', () => {
  const report = {
    version: 1,
    report_id: 'console/request-1',
    detector: 'console',
    invoked_by: 'console',
    reported_at: NOW - 5_000,
    seen_at: NOW,
  };

  test.each([
    ['the ids of a key', ids, { leak: { kind: 'key', ...ids } }],
    ['an alert', { github_alert: alert }, { leak: { kind: 'github_alert', ...alert } }],
    [
      'a reason',
      { ...ids, reason: 'seen in a log' },
      { leak: { kind: 'key', ...ids }, reason: 'seen in a log' },
    ],
    ['a dry run', { ...ids, dry_run: true }, { leak: { kind: 'key', ...ids }, dry_run: true }],
    ['no dry run', { ...ids, dry_run: false }, { leak: { kind: 'key', ...ids }, dry_run: false }],
    ['an empty reason', { ...ids, reason: '' }, { leak: { kind: 'key', ...ids }, reason: '' }],
    [
      'an alert with everything else',
      { github_alert: alert, reason: 'seen', dry_run: true },
      { leak: { kind: 'github_alert', ...alert }, reason: 'seen', dry_run: true },
    ],
  ])('by %s is a report', (_title, request, expected) => {
    expect(readRequest(request, origin)).toEqual({ ...report, ...expected });
  });

  test.each([
    ['a token', { token }, { kind: 'token' }],
    ['a token and the ids of its key', { token, ...ids }, { kind: 'key', ...ids }],
  ])('by %s is a report with the token', (_title, request, leak) => {
    const { token: carried, ...rest } = readRequest(request, origin);
    expect(rest).toEqual({ ...report, leak });
    expect(carried).toBeInstanceOf(Token);
    expect(carried?.reveal()).toBe(token);
  });

  test('by an alert may be about a repository whose name begins as tokens do', () => {
    const named = { ...alert, owner: 'cog_labs', repo: 'cog_stable-diffusion-model' };
    expect(readRequest({ github_alert: named }, origin).leak).toEqual({ kind: 'github_alert', ...named });
  });

  test('of an EventBridge event has its id and its time', () => {
    const from: Origin = { detector: 'eventbridge', invoked_by: 'event', id: 'event-1', time: 1_000 };
    expect(readRequest(ids, from)).toEqual({
      ...report,
      report_id: 'eventbridge/event-1',
      detector: 'eventbridge',
      invoked_by: 'event',
      reported_at: 1_000,
      leak: { kind: 'key', ...ids },
    });
  });

  test.each([
    `leaked ${token} in a log`,
    `curl -H "Authorization: Bearer ${token}"`,
    `${token}${token}`,
    `x=${token}.`,
  ])('has no token in its reason: %#', (reason) => {
    for (const request of [
      { token, reason },
      { ...ids, reason },
    ]) {
      const text = readRequest(request, origin).reason;
      expect(text).toContain('[redacted]');
      expect(text).not.toContain(token.slice(4, 12));
    }
  });

  test.each<[string, string]>([
    ['the reported token without its prefix', `its body is ${token.slice(4)}`],
    ['a part of the reported token', `it begins with ${token.slice(4, 12)}`],
    ['the reported token in base64', `it is ${Buffer.from(token).toString('base64')}`],
  ])('has no part of the token that it reports in its reason: %s', (_title, reason) => {
    const text = readRequest({ token, reason }, origin).reason;
    expect(text).toContain('[redacted]');
    for (const part of [token.slice(4, 12), Buffer.from(token).toString('base64').slice(8, 16)]) {
      expect(text).not.toContain(part);
    }
  });

  test.each<[string, string]>([
    ['a token without its prefix', 'abcdefghijklmnopqrstuvwxyz234567abcdefghijklmnopqrst'],
    ['a token of GitHub', ['ghp', 'Ab1'.repeat(12)].join('_')],
    ['a legacy key', ['apk', 'Ab1+'.repeat(22)].join('_')],
    ['a webhook secret', ['whsec', 'Ab1+'.repeat(8)].join('_')],
  ])('has no token of another form in its reason: %s', (_title, secret) => {
    expect(readRequest({ ...ids, reason: `leaked: ${secret} there` }, origin).reason).toBe(
      'leaked: [redacted] there',
    );
  });

  test('names no caller that is a token', () => {
    const named = (caller: string) => readRequest({ token }, { ...origin, caller }).caller;
    expect(named('deploy-bot')).toBe('deploy-bot');
    for (const caller of [token, token.slice(4), `x/${token}`]) expect(named(caller)).toBeUndefined();
  });

  test('has no secret of another kind in its reason, when that is what it reports', () => {
    const other = 'another secret';
    for (const given of [other, ` ${other}\n`]) {
      const report = readRequest({ token: given, reason: `leaked: ${other}!` }, origin);
      expect(report.reason).toBe('leaked: [redacted]!');
    }
  });
});

describe('a bad request', () => {
  const one = 'one of service_user_id with api_key_id, token, or github_alert is missing';
  const suid = 'service_user_id must be "service-user-" and letters, digits, "-" or "_", 128 at most';
  const kid = 'api_key_id must be letters, digits, ".", "_", "~" or "-", 256 at most';

  test.each<[unknown, string[]]>([
    [undefined, ['the event must be an object']],
    [null, ['the event must be an object']],
    ['text', ['the event must be an object']],
    [1, ['the event must be an object']],
    [[], ['the event must be an object']],
    [{}, [one]],
    [{ reason: 'why', dry_run: true }, [one]],
    [{ service_user_id: ids.service_user_id }, ['api_key_id is missing']],
    [{ api_key_id: ids.api_key_id }, ['service_user_id is missing']],
    [{ token, api_key_id: ids.api_key_id }, ['service_user_id is missing']],
    [
      { ...ids, github_alert: alert },
      [
        'service_user_id cannot be combined with github_alert',
        'api_key_id cannot be combined with github_alert',
      ],
    ],
    [{ token, github_alert: alert }, ['token cannot be combined with github_alert']],
    [{ ...ids, service_user_id: 5 }, ['service_user_id must be a string']],
    [{ ...ids, api_key_id: null }, ['api_key_id must be a string']],
    [{ service_user_id: 'deploy-bot', api_key_id: 'a/b' }, [suid, kid]],
    [{ ...ids, service_user_id: '' }, [suid]],
    [{ ...ids, service_user_id: `service-user-${'1'.repeat(129)}` }, [suid]],
    [{ ...ids, api_key_id: '1'.repeat(257) }, [kid]],
    [{ token: '' }, ['token must not be empty']],
    [{ token: 'x'.repeat(8_193) }, ['token is too long']],
    [{ token: 12 }, ['token must be a string']],
    [{ token: { raw: 'x' } }, ['token must be a string']],
    [{ ...ids, reason: 'x'.repeat(1_001) }, ['reason must have 1,000 characters at most']],
    [{ ...ids, reason: [] }, ['reason must be a string']],
    [{ ...ids, dry_run: 'true' }, ['dry_run must be a boolean']],
    [{ ...ids, dry_run: null }, ['dry_run must be a boolean']],
    [{ ...ids, dryRun: true }, ['dryRun is not a known field']],
    [{ ...ids, dry_rum: true }, ['dry_rum is not a known field']],
    [{ ...ids, DRY_RUN: true }, ['DRY_RUN is not a known field']],
    [{ github_alert: 7 }, ['github_alert must be an object']],
    [
      { github_alert: {} },
      ['github_alert.owner is missing', 'github_alert.repo is missing', 'github_alert.number is missing'],
    ],
    [
      { github_alert: { owner: '-', repo: '..', number: '7' } },
      [
        'github_alert.owner must be a GitHub account name',
        'github_alert.repo must be a GitHub repository name, without its owner',
        'github_alert.number must be a number',
      ],
    ],
    [{ github_alert: { ...alert, number: 1.5 } }, ['github_alert.number must be an int']],
    [{ github_alert: { ...alert, number: 0 } }, ['github_alert.number is not valid']],
    [{ github_alert: { ...alert, url: 'x' } }, ['github_alert.url is not a known field']],
    [
      { service_user_id: 'x', dryRun: true, dry_run: 1, reason: 2 },
      [
        suid,
        'reason must be a string',
        'dry_run must be a boolean',
        'dryRun is not a known field',
        'api_key_id is missing',
      ],
    ],
    [
      JSON.parse('{"__proto__": {"dry_run": true}, "api_key_id": "k"}'),
      ['__proto__ is not a known field', 'service_user_id is missing'],
    ],
  ])('is refused by every wrong field: %#', (request, wrong) => {
    expect(refusal(request)).toBe(`bad event: ${wrong.join('; ')}`);
  });

  test.each([
    '../x',
    'a/b',
    '%2e%2e',
    '.',
    '..',
    '...',
    '',
    ' ',
    'a b',
    'a?b',
    'a#b',
    'a\\b',
    'a\n',
    '\na',
    'a\0',
    'a;b',
    'clé',
    '𝄞',
    '\u202ea',
    'ａ',
    'a%00',
    'a@b',
  ])('is refused for the hostile id %j', (hostile) => {
    expect(refusal({ ...ids, api_key_id: hostile })).toBe(`bad event: ${kid}`);
    expect(refusal({ ...ids, service_user_id: hostile })).toBe(`bad event: ${suid}`);
    expect(refusal({ ...ids, service_user_id: `service-user-${hostile}` })).toBe(`bad event: ${suid}`);
    expect(refusal({ github_alert: { ...alert, owner: hostile } })).toContain('github_alert.owner');
  });

  test.each(['../x', '%2e%2e', '.', '..', '', 'a b', 'a//b', 'a\n', 'é', token.replace('_', ' ')])(
    'is refused for the hostile event id %j',
    (id) => {
      expect(refusal(ids, { ...origin, id })).toBe('bad event: id is not an event id');
    },
  );

  test.each(['../x', 'a/b', '%2e%2e', '.', '..', '', 'a b', 'a\n', 'dépôt'])(
    'is refused for the hostile repository %j',
    (repo) => {
      expect(refusal({ github_alert: { ...alert, repo } })).toBe(
        'bad event: github_alert.repo must be a GitHub repository name, without its owner',
      );
    },
  );

  const letters = ['cog', 'abcdefghijklmnop'].join('_');
  test.each([
    ['field', { ...ids, [token]: 1 }],
    ['field of letters alone', { ...ids, [letters]: 1 }],
    ['field with something before it', { ...ids, [`x_${letters}`]: 1 }],
    ['field of an alert', { github_alert: { ...alert, [token]: 1 } }],
    ['key', { ...ids, api_key_id: token }],
    ['key with a space', { ...ids, api_key_id: `${token} ` }],
    ['key with more around it', { ...ids, api_key_id: `key-${token}-1` }],
    ['service user', { ...ids, service_user_id: token }],
    ['service user with the prefix', { ...ids, service_user_id: `service-user-${token}` }],
    ['owner', { github_alert: { ...alert, owner: token } }],
    ['repository', { github_alert: { ...alert, repo: token } }],
    ['key without the prefix of the token', { token, ...ids, api_key_id: token.slice(4) }],
    ['part of a key', { token, ...ids, api_key_id: `key-${token.slice(4, 12)}` }],
    ['service user without the prefix', { token, ...ids, service_user_id: `service-user-${token.slice(4)}` }],
    ['token that is too long', { token: token.repeat(300) }],
    ['token in an array', { token: [token] }],
    ['reason in an object', { ...ids, reason: { text: token } }],
    ['dry run', { ...ids, dry_run: token }],
    ['event', token],
    ['event in an array', [token]],
  ])('is refused without the token that came as its %s', (_title, request) => {
    const message = refusal(request);
    expect(message).toMatch(/^bad event: ./);
    expect(message).not.toContain(token.slice(4, 12));
    expect(message).not.toContain(letters.slice(4, 12));
  });
});

describe('whatever a request holds', () => {
  const CANARY = 'c4n4ry';
  const value = fc.oneof(
    { weight: 3, arbitrary: fc.string().map((text) => `${CANARY}${text}`) },
    { weight: 1, arbitrary: fc.jsonValue() },
    { weight: 1, arbitrary: fc.constant([CANARY]) },
    { weight: 1, arbitrary: fc.constant({ [`${CANARY}:`]: CANARY }) },
  );
  const known = ['service_user_id', 'api_key_id', 'token', 'github_alert', 'reason', 'dry_run'] as const;
  const field = fc.oneof(
    fc.constantFrom<string>(...known),
    fc.string().map((name) => `${CANARY}-${name}`),
  );

  test('it is a report or a bad event, and the message quotes no value', () => {
    fc.assert(
      fc.property(fc.oneof(fc.dictionary(field, value), fc.jsonValue()), (request) => {
        try {
          readRequest(request, origin);
        } catch (error) {
          expect(error).toBeInstanceOf(BadEventError);
          expect(String(error)).not.toContain(CANARY);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  test('every field that is wrong by itself is named', () => {
    const wrong = {
      service_user_id: fc.constantFrom<unknown>(1, null, 'x', `service-user-${CANARY}/`),
      api_key_id: fc.constantFrom<unknown>(1, null, '..', `${CANARY}/`),
      token: fc.constantFrom<unknown>('', 1, null, {}),
      github_alert: fc.constantFrom<unknown>('', 1, null, [], {}),
      reason: fc.constantFrom<unknown>(1, null, 'x'.repeat(1_001)),
      dry_run: fc.constantFrom<unknown>('true', 'false', 0, 1, null, ''),
      dryRun: fc.boolean(),
      keyId: fc.string(),
    };
    fc.assert(
      fc.property(fc.record(wrong, { requiredKeys: [] }), (request) => {
        fc.pre(Object.keys(request).length > 0);
        const message = refusal(request);
        for (const name of Object.keys(request)) expect(message).toMatch(new RegExp(`\\b${name}\\b`));
      }),
    );
  });

  test('a token without its prefix is refused as the name of anything', () => {
    const body = 'abcdefghijklmnopqrstuvwxyz234567abcdefghijklmnopqrst';
    const wrong = (names: string[]) =>
      `bad event: ${names.map((name) => `${name} must not be a token`).join('; ')}`;
    expect(refusal({ service_user_id: `service-user-${body}`, api_key_id: body })).toBe(
      wrong(['service_user_id', 'api_key_id']),
    );
    expect(refusal({ github_alert: { owner: body, repo: body, number: 7 } })).toBe(
      wrong(['github_alert.owner', 'github_alert.repo']),
    );
    expect(refusal(ids, { ...origin, id: body })).toBe('bad event: id is not an event id');
  });

  test('ids that it takes mean nothing in a path', () => {
    const id = fc.string({ unit: fc.constantFrom(...'aZ0.-_~/%\\?#: \n\u2028é'), maxLength: 12 });
    fc.assert(
      fc.property(id, id, (user, key) => {
        const request = { service_user_id: `service-user-${user}`, api_key_id: key };
        try {
          readRequest(request, origin);
        } catch (error) {
          expect(error).toBeInstanceOf(BadEventError);
          return;
        }
        for (const part of Object.values(request)) {
          expect(encodeURIComponent(part)).toBe(part);
          expect(new URL(`https://host/a/${part}/b`).pathname).toBe(`/a/${part}/b`);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  test('its reason holds no token, wherever that stands', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), fc.string({ maxLength: 200 }), (before, after) => {
        const report = readRequest({ ...ids, reason: `${before}${token}${after}` }, origin);
        expect(report.reason).not.toContain(token.slice(4, 12));
      }),
    );
  });
});
