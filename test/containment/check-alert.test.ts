import { expect, test } from 'vitest';
import type { Earlier } from '../../lib/audit/read-earlier.ts';
import { checkAlert } from '../../lib/containment/check-alert.ts';
import type { Outcome } from '../../lib/domain/outcome.ts';
import type { LeakAlert } from '../../lib/identify/read-leak.ts';

const alert = (open: boolean): LeakAlert => ({ ref: { owner: 'acme', repo: 'webshop', number: 1 }, open });
const outcome: Outcome = { status: 'not_found', report_id: 'github/a/1', reason: 'gone' };
const proceed = { status: 'proceed' };

test.each<[string, LeakAlert | undefined, Earlier, unknown]>([
  ['a report without an alert goes on', undefined, { outcome }, proceed],
  ['an open alert goes on', alert(true), { outcome }, proceed],
  [
    'a resolved alert that no delivery began with is ignored',
    alert(false),
    {},
    { status: 'decided', draft: { status: 'ignored', reason: 'the alert is resolved already' } },
  ],
  [
    'a resolved alert whose earlier delivery left an intent alone goes on',
    alert(false),
    { intent: { service_user_id: 'service-user-a', time: 1 } },
    proceed,
  ],
  [
    'a resolved alert with an outcome on record answers with it',
    alert(false),
    { intent: { service_user_id: 'service-user-a', time: 1 }, outcome },
    { status: 'on_record', outcome },
  ],
])('%s', async (_, given, earlier, expected) => {
  expect(await checkAlert(given, {}, { earlier: async () => earlier })).toEqual(expected);
});

test('a resolved alert is looked at once more by its second look', async () => {
  const trail = { earlier: () => Promise.reject(new Error('not asked')) };
  expect(await checkAlert(alert(false), { recheck: true }, trail)).toEqual(proceed);
});
