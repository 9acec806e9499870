import { headline } from '../../lib/aftermath/describe-aftermath.ts';
import {
  AFTERMATH,
  type AftermathStamp,
  aftermathRecord,
  END_INTENT,
  endIntentRecord,
} from '../../lib/audit/aftermath-record.ts';
import type { Aftermath } from '../../lib/domain/aftermath.ts';
import { LeakReport } from '../../lib/domain/report.ts';
import { context, LEAKED_AT, report } from './samples.ts';

const service_user_id = 'service-user-0a1b2c';

/** Nothing was seen. */
export const quiet: Aftermath = {
  kind: 'aftermath',
  service_user_id,
  api_key_id: 'key-3d4e5f',
  mode: 'report',
  since: '2026-07-29T08:26:40.000Z',
  until: '2026-07-30T08:27:00.000Z',
  complete: true,
  problems: [],
  sessions: { total: 0, running: 0, unusual: 0, listed: [] },
  schedules: { total: 0, listed: [] },
  keys: { total: 0, listed: [] },
  service_users: { total: 0, listed: [] },
  secrets: { total: 0, listed: [] },
  acts: { total: 0, by_action: {}, listed: [] },
  note: 'a session names its service user and not the key',
};

/** Everything was seen. */
export const busy: Aftermath = {
  ...quiet,
  mode: 'terminate',
  sessions: {
    total: 2,
    running: 1,
    unusual: 1,
    listed: [
      {
        session_id: 'devin-1',
        org_id: 'org-1',
        status: 'running',
        running: true,
        created_at: '2026-07-30T08:00:00.000Z',
        url: 'https://app.devin.ai/sessions/1',
        title: 'a title',
        pull_requests: ['https://github.com/acme/webshop/pull/7'],
        as_user: 'user-1',
        origin: 'api',
        unusual: ['hour', 'origin'],
        end: 'failed',
        end_reason: 'HTTP 403',
      },
      {
        session_id: 'devin-2',
        org_id: 'org-1',
        status: 'exit',
        running: false,
        created_at: '2026-07-30T08:01:00.000Z',
        pull_requests: [],
        parent_session_id: 'devin-1',
        unusual: [],
        end: 'ended',
      },
    ],
  },
  schedules: {
    total: 1,
    listed: [
      {
        schedule_id: 'sched-1',
        org_id: 'org-1',
        name: 'nightly',
        enabled: true,
        created_at: '2026-07-30T08:02:00.000Z',
        frequency: '0 3 * * *',
      },
    ],
  },
  keys: {
    total: 2,
    listed: [
      {
        service_user_id,
        api_key_id: 'key-2',
        made_at: '2026-07-30T08:03:00.000Z',
        by: 'create',
        active: true,
        event: `{"service_user_id":"${service_user_id}","api_key_id":"key-2"}`,
        queued: true,
      },
      { made_at: '2026-07-30T08:04:00.000Z', by: 'rotate' },
    ],
  },
  secrets: {
    total: 1,
    listed: [{ action: 'create_secret', at: '2026-07-30T08:05:00.000Z', id: 'secret-1', org_id: 'org-1' }],
  },
  acts: {
    total: 1,
    by_action: { create_playbook: 1 },
    listed: [{ action: 'create_playbook', at: '2026-07-30T08:06:00.000Z' }],
  },
  usual: { sessions: 3, hours_utc: [9, 10], origins: ['slack'] },
};

const stamp = (name: string): AftermathStamp => ({
  report: LeakReport.parse(report),
  context,
  name,
  time: LEAKED_AT + 5_000,
});
const record = (facts: Aftermath) => aftermathRecord(facts, headline(facts), stamp(AFTERMATH));

/** A record of every kind that an aftermath writes, as it is stored. */
export const aftermathRecords: readonly (readonly [name: string, text: string, code: string])[] = [
  ['nothing seen', record(quiet), 'aftermath_clear'],
  ['everything seen', record(busy), 'aftermath_found'],
  ['not complete', record({ ...busy, complete: false, problems: ['HTTP 503'] }), 'aftermath_incomplete'],
  ['escalated', record({ ...busy, escalated: 'more than the cap' }), 'aftermath_escalated'],
  ['a rehearsal of our own key', record({ ...busy, dry_run: true, own_key: true }), 'aftermath_found'],
  [
    'asked for by a person',
    aftermathRecord(quiet, headline(quiet), {
      ...stamp(AFTERMATH),
      report: { ...LeakReport.parse(report), leak: { kind: 'service_user', service_user_id } },
    }),
    'aftermath_clear',
  ],
  [
    'the intent to end a session',
    endIntentRecord(
      service_user_id,
      { session_id: 'devin-1', org_id: 'org-1' },
      stamp(`${END_INTENT}devin-1`),
    ),
    'aftermath_intent',
  ],
];
