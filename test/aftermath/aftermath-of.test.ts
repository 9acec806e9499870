import { describe, expect, test } from 'vitest';
import { aftermathsOf } from '../../lib/aftermath/aftermath-of.ts';
import type { Outcome } from '../../lib/domain/outcome.ts';
import type { LeakPart } from '../../lib/domain/outcome-facts.ts';
import { LeakReport } from '../../lib/domain/report.ts';
import { Token } from '../../lib/domain/token.ts';
import { report as sample } from '../support/samples.ts';

const report = LeakReport.parse(sample);
const proof = { method: 'token', probes: 3, at: 1 } as const;
const leak = (service_user_id: string | undefined, given: Partial<LeakPart> = {}): LeakPart => ({
  status: 'revoked',
  evidence: 'token_rejected',
  proof,
  ...(service_user_id !== undefined && { service_user_id }),
  ...given,
});
const revoked = (given: Partial<Outcome>): Outcome =>
  ({
    report_id: report.report_id,
    status: 'revoked',
    evidence: 'token_rejected',
    proof,
    ...given,
  }) as Outcome;
const following = (outcome: Outcome) => aftermathsOf({ outcome, report, attempt: 1 }, false);

describe('what follows a report', () => {
  test('is nothing where no service user is known', () => {
    expect(following(revoked({}))).toEqual([]);
    expect(
      following(revoked({ leaks: [leak(undefined), leak('service-user-1', { status: 'ignored' })] })),
    ).toEqual([]);
  });

  test('is nothing while the outcome is not on record', () => {
    expect(following(revoked({ service_user_id: 'service-user-1', recorded: false }))).toEqual([]);
  });

  test('is nothing of what a sweep revoked', () => {
    const outcome = revoked({ service_user_id: 'service-user-1' });

    expect(aftermathsOf({ outcome, report: { ...report, detector: 'sweep' }, attempt: 1 }, false)).toEqual(
      [],
    );
  });

  test('is a look with all that it needs, without the token', () => {
    const outcome = revoked({ service_user_id: 'service-user-1', api_key_id: 'key-1' });
    const token = new Token('secret');

    expect(aftermathsOf({ outcome, report: { ...report, token }, attempt: 3 }, false)).toStrictEqual([
      {
        version: 1,
        kind: 'aftermath',
        service_user_id: 'service-user-1',
        api_key_id: 'key-1',
        leaked_at: report.leaked_at,
        attempt: 1,
        report,
      },
    ]);
  });

  test('begins at the report where nobody says when it leaked', () => {
    const { leaked_at: _at, ...rest } = report;
    const outcome = revoked({ service_user_id: 'service-user-1' });

    expect(aftermathsOf({ outcome, report: rest, attempt: 1 }, false)).toMatchObject([
      { leaked_at: report.reported_at },
    ]);
    expect(aftermathsOf({ outcome, report: rest, attempt: 1 }, false)[0]).not.toHaveProperty('api_key_id');
  });

  test.each([
    ['where this software only rehearses', true, {}, true],
    ['where the report does', false, { dry_run: true }, true],
    ['nowhere else', false, {}, undefined],
  ])('is rehearsed %s', (_, isDryRun, given, dry_run) => {
    const outcome = revoked({ service_user_id: 'service-user-1' });
    const [request] = aftermathsOf({ outcome, report: { ...report, ...given }, attempt: 1 }, isDryRun);

    expect(request?.dry_run).toBe(dry_run);
  });

  test.each<[LeakPart['status'], true | undefined]>([
    ['revoked', undefined],
    ['already_revoked', undefined],
    ['rehearsed', undefined],
    ['not_found', true],
    ['still_alive', true],
    ['escalated', true],
    ['failed', true],
  ])('after %s is a report alone: %s', (status, report_only) => {
    const leaks = [leak('service-user-1', { status }), leak('service-user-1', { status: 'escalated' })];

    expect(following(revoked({ leaks }))[0]?.report_only).toBe(report_only);
  });

  test('is each service user once, numbered in the order of the tokens', () => {
    const leaks = [leak(undefined), leak('service-user-1'), leak('service-user-2'), leak('service-user-1')];
    expect(following(revoked({ leaks })).map(({ part, service_user_id }) => [service_user_id, part])).toEqual(
      [
        ['service-user-1', undefined],
        ['service-user-2', 1],
      ],
    );
  });

  test('begins at the earliest leak, and is bounded by the key only where it is the only one', () => {
    const at = (leaked_at: string) => ({ exposure: { leaked_at, seen_at: leaked_at } });
    const one = leak('service-user-1', { api_key_id: 'key-1', ...at('2026-07-30T08:00:00Z') });
    const two = leak('service-user-1', { api_key_id: 'key-2', ...at('2026-07-29T08:00:00Z') });

    expect(following(revoked({ leaks: [one] }))).toMatchObject([{ api_key_id: 'key-1' }]);
    const [both] = following(revoked({ leaks: [one, two] }));
    expect(both?.leaked_at).toBe(Date.parse('2026-07-29T08:00:00Z'));
    expect(both).not.toHaveProperty('api_key_id');
  });

  test('ends nothing where the evidence of a leak is missing, or one of the tokens is ours', () => {
    const weak = leak('service-user-2', { status: 'not_found', reason: 'no such key' });
    expect(following(revoked({ leaks: [leak('service-user-1'), weak], own_key: true }))).toMatchObject([
      { own_key: true },
      { own_key: true, report_only: true },
    ]);
  });
});
