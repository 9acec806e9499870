import { createRequire } from 'node:module';
import { describe, expect, test } from 'vitest';

type Settings = Record<string, unknown>;
const { settingsOf, weakerSettings } = createRequire(import.meta.url)('../../deploy/weaker-settings.cjs') as {
  settingsOf(template: object): Settings;
  weakerSettings(before: Settings, after: Settings): { name: string; before: string; after: string }[];
};

describe('a deployment', () => {
  test.each<[string, Settings, Settings]>([
    ['takes compliance back', { auditLockMode: 'COMPLIANCE' }, { auditLockMode: 'GOVERNANCE' }],
    ['locks for a shorter time', { auditLockDays: '365' }, { auditLockDays: 364 }],
    ['locks for a time that is no number', { auditLockDays: 365 }, { auditLockDays: 'a year' }],
    ['empties the mail address', { alarmEmail: 'oncall@example.com' }, { alarmEmail: '' }],
    ['empties it with a blank', { alarmEmail: 'oncall@example.com' }, { alarmEmail: ' ' }],
    ['empties the organisations', { githubOrgs: 'acme' }, { githubOrgs: null }],
    ['switches a rule of the sweep off', { sweepMaxAgeDays: 365 }, { sweepMaxAgeDays: '' }],
  ])('that %s is weaker', (_, before, after) => {
    const [name] = Object.keys(before);

    expect(weakerSettings(before, after)).toEqual([
      { name, before: String(Object.values(before)[0]), after: String(Object.values(after)[0] ?? '').trim() },
    ]);
  });

  test.each<[string, Settings, Settings]>([
    [
      'changes nothing',
      { auditLockMode: 'COMPLIANCE', auditLockDays: '365' },
      { auditLockMode: 'COMPLIANCE', auditLockDays: 365 },
    ],
    [
      'locks more',
      { auditLockMode: 'GOVERNANCE', auditLockDays: 1 },
      { auditLockMode: 'COMPLIANCE', auditLockDays: 365 },
    ],
    ['sets what was empty', { alarmEmail: '' }, { alarmEmail: 'oncall@example.com' }],
    ['changes a value', { githubOrgs: 'acme' }, { githubOrgs: 'acme,acme-labs' }],
    ['comes with a version that lacks the parameter', { former: 'x' }, {}],
    ['comes with a version that has a new parameter', {}, { auditLockMode: 'GOVERNANCE' }],
  ])('that %s is not weaker', (_, before, after) => {
    expect(weakerSettings(before, after)).toEqual([]);
  });
});

describe('the settings of a template', () => {
  test('are those that it notes', () => {
    expect(settingsOf({ Metadata: { Settings: { dryRun: 'false' } }, Resources: {} })).toEqual({
      dryRun: 'false',
    });
  });

  test('are the lock of the bucket where it notes none', () => {
    const Rule = { DefaultRetention: { Mode: 'COMPLIANCE', Days: 365 } };
    const AuditBucket = { Properties: { ObjectLockConfiguration: { Rule } } };

    expect(settingsOf({ Resources: { AuditBucket } })).toEqual({
      auditLockMode: 'COMPLIANCE',
      auditLockDays: 365,
    });
    expect(settingsOf({})).toEqual({});
  });
});
