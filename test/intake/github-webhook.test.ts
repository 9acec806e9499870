import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LeakReport } from '../../lib/domain/report.ts';
import { readDelivery } from '../../lib/intake/github-webhook.ts';
import { type AlertPayload, alertPayload, type StoredAlert } from '../../sandbox/github-shapes.ts';

const options = { secretTypes: ['devin_api_key', 'devin_pat'], dryRun: false, now: 1_795_000_000_000 };

/** Put together here, so that no scanner takes this file for a leak. */
const token = ['cog', 'abcdefghijklmnopqrstuvwxyz234567abcdefghijklmnopqrst'].join('_');

const stored: StoredAlert = {
  sequence: 1,
  owner: 'acme',
  repo: 'webshop',
  number: 7,
  secret: 'never in a payload',
  secret_type: 'devin_api_key',
  is_base64_encoded: false,
  validity: 'active',
  publicly_leaked: false,
  state: 'open',
  resolution: null,
  resolution_comment: null,
  resolved_at: null,
  created_at: '2026-11-23T08:42:00Z',
  updated_at: '2026-11-23T08:42:20Z',
};

/** A whole payload, in the shape of @octokit/openapi-webhooks-types. */
const payload = (change: Partial<StoredAlert> = {}, action = 'created'): AlertPayload =>
  alertPayload({ ...stored, ...change }, action, 42);

const read = (body: unknown, event: string | undefined = 'secret_scanning_alert') =>
  readDelivery(event, body, options);

/** A copy in which the value at `path` is another one; `undefined` takes it away. */
function replace(body: unknown, path: string, value: unknown): Record<string, unknown> {
  const copy = JSON.parse(JSON.stringify(body));
  const names = path.split('.');
  const last = names.pop()!;
  const parent = names.reduce((at, name) => at[name], copy);
  if (value === undefined) delete parent[last];
  else parent[last] = value;
  return copy;
}

const report: LeakReport = {
  version: 1,
  report_id: 'github/acme/webshop/7/created/20261123T084220000Z',
  detector: 'github',
  invoked_by: 'webhook',
  reported_at: Date.parse('2026-11-23T08:42:20Z'),
  leaked_at: Date.parse('2026-11-23T08:42:00Z'),
  seen_at: 1_795_000_000_000,
  leak: { kind: 'github_alert', owner: 'acme', repo: 'webshop', number: 7 },
};

describe('a delivery', () => {
  test('of a new alert is a leak report', () => {
    const delivery = read(payload());
    expect(delivery).toEqual({ kind: 'report', report });
    expect(LeakReport.parse(report)).toEqual(report);
  });

  test.each(['created', 'reopened', 'publicly_leaked', 'validated'])(
    'of the action %s is a report',
    (action) => {
      expect(read(payload({}, action))).toEqual({
        kind: 'report',
        report: { ...report, report_id: `github/acme/webshop/7/${action}/20261123T084220000Z` },
      });
    },
  );

  test.each([
    'resolved',
    'assigned',
    'unassigned',
    'metadata_created',
    'metadata_removed',
    'revoked',
    'a new action of the future',
    'Created',
    '',
    '__proto__',
  ])('of the action "%s" is ignored', (action) => {
    expect(read(payload({}, action))).toEqual({ kind: 'ignored', reason: 'another action' });
  });

  test.each([
    'push',
    'secret_scanning_alert_location',
    'secret_scanning_scan',
    'Secret_Scanning_Alert',
    '',
    undefined,
  ])('of the event "%s" is ignored, whatever it holds', (event) => {
    for (const body of [payload(), {}, null]) {
      expect(readDelivery(event, body, options)).toEqual({ kind: 'ignored', reason: 'another event' });
    }
  });

  test('of a ping is a ping, whatever it holds', () => {
    const ping = {
      zen: 'Keep it logically awesome.',
      hook_id: 1,
      hook: { events: ['secret_scanning_alert'] },
    };
    for (const body of [ping, {}, null]) expect(read(body, 'ping')).toEqual({ kind: 'ping' });
  });

  test.each(['github_personal_access_token', 'devin', 'DEVIN_API_KEY', ''])(
    'of the secret type "%s" is ignored',
    (secret_type) => {
      expect(read(payload({ secret_type }))).toEqual({ kind: 'ignored', reason: 'another secret type' });
    },
  );

  test('of every configured secret type is a report', () => {
    expect(read(payload({ secret_type: 'devin_pat' }))).toEqual({ kind: 'report', report });
  });

  test.each([
    ['null', null],
    ['missing', undefined],
  ])('whose updated_at is %s counts from created_at', (_title, updated_at) => {
    expect(read(replace(payload(), 'alert.updated_at', updated_at))).toEqual({
      kind: 'report',
      report: {
        ...report,
        report_id: 'github/acme/webshop/7/created/20261123T084200000Z',
        reported_at: Date.parse('2026-11-23T08:42:00Z'),
      },
    });
  });

  test('in a dry run is a report that says so', () => {
    expect(readDelivery('secret_scanning_alert', payload(), { ...options, dryRun: true })).toEqual({
      kind: 'report',
      report: { ...report, dry_run: true },
    });
  });

  test.each(['organization', 'installation', 'sender', 'alert.validity', 'alert.url', 'repository.owner'])(
    'without %s, which is not read, is a report',
    (path) => {
      expect(read(replace(payload(), path, undefined))).toEqual({ kind: 'report', report });
    },
  );

  test('with fields that nobody knows yet is a report', () => {
    expect(read({ ...payload(), alert: { ...payload().alert, new_field: 1 }, another: {} })).toEqual({
      kind: 'report',
      report,
    });
  });
});

describe('a delivery of a repository whose name contains a token', () => {
  test.each([`acme/${token}`, `${token.slice(4)}/webshop`])(
    'is a report that names the number of the repository: %#',
    (name) => {
      const delivery = read(replace(payload(), 'repository.full_name', name));
      const id = payload().repository.id;
      expect(delivery).toMatchObject({
        kind: 'report',
        report: { leak: { owner: 'redacted', repo: `repository-${id}`, repository_id: id } },
      });
      expect(JSON.stringify(delivery)).not.toContain(token.slice(4));
    },
  );

  test('is malformed when there is no such number', () => {
    const named = replace(payload(), 'repository.full_name', `acme/${token}`);
    expect(read(replace(named, 'repository.id', undefined))).toEqual({
      kind: 'malformed',
      fields: ['repository.full_name'],
    });
  });
});

describe('a delivery of the wrong shape names its field', () => {
  test.each([
    ['action', undefined, ['action']],
    ['action', 1, ['action']],
    ['alert', undefined, ['alert']],
    ['alert', null, ['alert']],
    ['alert', 'text', ['alert']],
    ['alert.secret_type', undefined, ['alert.secret_type']],
    ['alert.secret_type', 1, ['alert.secret_type']],
    ['alert.number', undefined, ['alert.number']],
    ['alert.number', '7', ['alert.number']],
    ['alert.number', 1.5, ['alert.number']],
    ['alert.number', 0, ['alert.number']],
    ['alert.number', -7, ['alert.number']],
    ['alert.number', 1e300, ['alert.number']],
    ['alert.created_at', undefined, ['alert.created_at']],
    ['alert.created_at', 'yesterday', ['alert.created_at']],
    ['alert.created_at', 1_795_000_000, ['alert.created_at']],
    ['alert.created_at', '+275760-09-12T00:00:00Z', ['alert.created_at']],
    ['alert.created_at', '-000001-01-01T00:00:00Z', ['alert.created_at']],
    ['alert.updated_at', 'soon', ['alert.updated_at']],
    ['alert.updated_at', '', ['alert.updated_at']],
    ['alert.updated_at', '+012026-11-23T08:42:20Z', ['alert.updated_at']],
    ['repository', undefined, ['repository']],
    ['repository.full_name', undefined, ['repository.full_name']],
    ['repository.full_name', 'webshop', ['repository.full_name']],
    ['repository.full_name', 'acme/', ['repository.full_name']],
    ['repository.full_name', '/webshop', ['repository.full_name']],
    ['repository.full_name', 'acme/webshop/x', ['repository.full_name']],
    ['repository.full_name', '../webshop', ['repository.full_name']],
    ['repository.full_name', 'acme/..', ['repository.full_name']],
    ['repository.full_name', 'acme/%2e%2e', ['repository.full_name']],
    ['repository.full_name', 'acme/web shop', ['repository.full_name']],
    ['repository.full_name', 'acme/wébshop', ['repository.full_name']],
    ['repository.full_name', 'acme/webshop\n', ['repository.full_name']],
  ])('%s: %j', (path, value, fields) => {
    expect(read(replace(payload(), path, value))).toEqual({ kind: 'malformed', fields });
  });

  test('and all of them when there are several', () => {
    let body = replace(payload(), 'alert.number', 'seven');
    body = replace(body, 'alert.created_at', 'yesterday');
    body = replace(body, 'repository.full_name', 'webshop');
    expect(read(body)).toEqual({
      kind: 'malformed',
      fields: ['alert.number', 'alert.created_at', 'repository.full_name'],
    });
  });

  test.each([[null], ['text'], [1], [[]], [{}]])('%j', (body) => {
    expect(read(body)).toMatchObject({ kind: 'malformed', fields: [expect.any(String)] });
  });
});

describe('the id of a report', () => {
  const idOf = (body: unknown, now = options.now) => {
    const delivery = readDelivery('secret_scanning_alert', body, { ...options, now });
    if (delivery.kind !== 'report') throw new Error(`the delivery is ${delivery.kind}`);
    return delivery.report.report_id;
  };

  test('is the same for the same body, however late it comes', () => {
    expect(idOf(payload(), options.now + 86_400_000)).toBe(idOf(payload()));
  });

  test('does not depend on how a date is written', () => {
    expect(idOf(payload({ updated_at: '2026-11-23T09:42:20+01:00' }))).toBe(idOf(payload()));
  });

  test.each([
    ['action', payload({}, 'reopened')],
    ['updated_at', payload({ updated_at: '2026-11-23T08:42:21Z' })],
    ['alert', payload({ number: 8 })],
    ['repository', payload({ repo: 'webshop2' })],
    ['owner', payload({ owner: 'acme2' })],
  ])('is another one for another %s', (_title, body) => {
    expect(idOf(body)).not.toBe(idOf(payload()));
  });
});

describe('whatever a delivery holds', () => {
  /** What may stand in a place: what belongs there, something close to it, or anything at all. */
  const or = <T>(good: T, ...close: unknown[]) =>
    fc.oneof(
      { weight: 6, arbitrary: fc.constant<unknown>(good) },
      { weight: 2, arbitrary: fc.constantFrom<unknown>(undefined, null, ...close) },
      { weight: 1, arbitrary: fc.jsonValue() },
    );
  const dates = fc.date({ noInvalidDate: true }).map((date) => date.toISOString());
  const name = fc.string({
    unit: fc.constantFrom('a', 'Z', '0', '.', '-', '_', '/', '%', 'é'),
    maxLength: 8,
  });
  const nearly = fc.record({
    action: or('created', 'resolved', 'a/b', '..'),
    alert: fc.record({
      number: or(7, 0, -1, 1.5, 2 ** 53, '7'),
      secret_type: or('devin_api_key', 'another'),
      created_at: fc.oneof(or('2026-11-23T08:42:20Z', 'now', '', '1'), dates),
      updated_at: fc.oneof(or('2026-11-23T08:42:20Z', 'now', '', '1'), dates),
    }),
    repository: fc.record({ full_name: fc.oneof(or('acme/webshop', 'acme/..'), name) }),
  });

  test('it never throws, and never is a report that the queue would refuse', () => {
    fc.assert(
      fc.property(fc.oneof(nearly, fc.jsonValue()), (body) => {
        const delivery = read(body);
        if (delivery.kind === 'report') {
          expect(LeakReport.parse(delivery.report)).toEqual(delivery.report);
        } else {
          expect(['ignored', 'malformed']).toContain(delivery.kind);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  test('its reports keep to the names of their alert', () => {
    fc.assert(
      fc.property(name, name, fc.integer({ min: 1 }), (owner, repo, number) => {
        const delivery = read(payload({ owner, repo, number }));
        if (delivery.kind === 'malformed') expect(delivery.fields).toEqual(['repository.full_name']);
        else
          expect(delivery).toMatchObject({ report: { leak: { kind: 'github_alert', owner, repo, number } } });
      }),
      { numRuns: 1_000 },
    );
  });
});
