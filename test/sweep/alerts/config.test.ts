import { describe, expect, test } from 'vitest';
import { parseConfig } from '../../../lib/platform/config.ts';
import { SweepAlertsConfig } from '../../../lib/sweep/alerts/config.ts';

const ENV = {
  GITHUB_TOKEN_SECRET_ID: 'github-token',
  LEAK_QUEUE_URL: 'https://sqs.us-east-1.amazonaws.com/123456789012/leaks',
  AUDIT_BUCKET: 'audit',
  GITHUB_SECRET_TYPES: 'devin_api_key',
  GITHUB_ORGS: 'acme',
};
const parse = (env: Record<string, string>) => parseConfig(SweepAlertsConfig, { ...ENV, ...env });

describe('the organisations', () => {
  test.each([
    ['acme', ['acme']],
    ['acme, Umbrella-2', ['acme', 'Umbrella-2']],
    ['9', ['9']],
    ['a'.repeat(100), ['a'.repeat(100)]],
  ])('%s are swept', (GITHUB_ORGS, orgs) => {
    expect(parse({ GITHUB_ORGS }).GITHUB_ORGS).toEqual(orgs);
  });

  test.each([
    ['are none', ' , ', 'must name at least one organisation'],
    ['have a path in one of them', 'acme,umbrella/../acme', 'must be GitHub organisations'],
    ['begin with a hyphen', '-acme', 'must be GitHub organisations'],
    ['are too long', 'a'.repeat(101), 'must be GitHub organisations'],
  ])('that %s are refused', (_, GITHUB_ORGS, message) => {
    expect(() => parse({ GITHUB_ORGS })).toThrow(message);
  });
});

test('without settings of its own, a sweep goes on with those of the others', () => {
  expect(parse({})).toMatchObject({ BACKLOG_PER_MINUTE: 60, DRY_RUN: false });
  expect(parse({})).not.toHaveProperty('BACKLOG_QUEUE_URL');
});

test('whatever is missing is named', () => {
  for (const name of Object.keys(ENV)) expect(() => parse({ [name]: '' })).toThrow(name);
});
