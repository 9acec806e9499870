import { describe, expect, test } from 'vitest';
import { alertReportId, GitHubAlertRef, ReportId } from '../../lib/domain/report.ts';

const takes = (schema: { safeParse(value: unknown): { success: boolean } }, value: unknown): boolean =>
  schema.safeParse(value).success;

describe('the id of a report', () => {
  test.each(['a/b', 'github/acme/web.shop/1/created/x', 'sweep/plan/..a', `a/${'b'.repeat(510)}`])(
    'may be %s',
    (id) => {
      expect(takes(ReportId, id)).toBe(true);
    },
  );
  test.each([
    '',
    'a',
    '/a',
    'a/',
    'a//b',
    'A/b',
    'a/.',
    'a/..',
    'a/../b',
    'a/./b',
    'a/b c',
    `a/${'b'.repeat(511)}`,
  ])('may not be %j', (id) => {
    expect(takes(ReportId, id)).toBe(false);
  });
  test('of an alert is a report id, the same at the same moment', () => {
    const ref = { owner: 'acme', repo: 'webshop', number: 7 };
    const id = alertReportId(ref, 'created', Date.UTC(2026, 10, 23, 8, 42, 20, 5));

    expect(id).toBe('github/acme/webshop/7/created/20261123T084220005Z');
    expect(takes(ReportId, id)).toBe(true);
  });
});

describe('an alert', () => {
  const ref = { owner: 'acme', repo: 'web.shop', number: 7 };
  test.each<[string, object, boolean]>([
    ['is one', {}, true],
    ['of a repository that begins with a dot is one', { repo: '.github' }, true],
    ['of an owner of 100 characters is one', { owner: 'a'.repeat(100) }, true],
    ['of an owner of more is none', { owner: 'a'.repeat(101) }, false],
    ['of an owner that begins with a hyphen is none', { owner: '-a' }, false],
    ['of an owner with a slash is none', { owner: 'a/b' }, false],
    ['of the repository . is none', { repo: '.' }, false],
    ['of the repository .. is none', { repo: '..' }, false],
    ['of a repository with a slash is none', { repo: 'a/b' }, false],
    ['of a repository of more than 100 characters is none', { repo: 'a'.repeat(101) }, false],
    ['of the number 0 is none', { number: 0 }, false],
    ['of a number that is not whole is none', { number: 1.5 }, false],
    ['of the repository number 0 is none', { repository_id: 0 }, false],
  ])('%s', (_, given, expected) => {
    expect(takes(GitHubAlertRef, { ...ref, ...given })).toBe(expected);
  });
});
