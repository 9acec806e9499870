import { expect, test } from 'vitest';
import type { Status } from '../../lib/domain/outcome.ts';
import { readPage, rows } from '../support/pages.ts';

const readme = readPage('README.md');

test('has three screens', () => {
  expect(readme.text.trimEnd().split('\n').length).toBeLessThanOrEqual(180);
});

test('names every status of an outcome, and no other', () => {
  const statuses = {
    revoked: true,
    already_revoked: true,
    not_found: true,
    still_alive: true,
    escalated: true,
    rehearsed: true,
    ignored: true,
    failed: true,
  } satisfies Record<Status, true>;

  expect(rows(readme, 'status').map(([status]) => status)).toEqual(Object.keys(statuses));
});
