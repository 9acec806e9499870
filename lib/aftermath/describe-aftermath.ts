import type { Aftermath, SeenSession } from '../domain/aftermath.ts';

/** What was found, in one sentence for each kind; texts of others are quoted. Links and ids are plain. */
export function describeAftermath(facts: Aftermath): string[] {
  const { escalated, problems } = facts;
  const found = [sessionText(facts), scheduleText(facts), keyText(facts), ...otherTexts(facts)].flat();
  return [
    found.length === 0
      ? `since ${facts.since} nothing was seen of ${facts.service_user_id}`
      : `since ${facts.since} ${facts.service_user_id} ${found.join('; ')}`,
    ...facts.sessions.listed.flatMap(endText),
    ...(escalated === undefined ? [] : [`ESCALATED: ${escalated}`]),
    ...problems.map((problem) => `NOT COMPLETE: ${problem}`),
    ...(facts.sessions.total > 0 ? [facts.note] : []),
  ];
}

/** One line for a log, a title or a record's message. */
export function headline(facts: Aftermath): string {
  const { keys, schedules, sessions } = facts;
  const parts = [
    plural(sessions.total, 'session'),
    `${sessions.running} running`,
    plural(schedules.total, 'schedule'),
    plural(keys.total, 'new key'),
  ];
  return `aftermath of ${facts.service_user_id}: ${parts.join(', ')}`;
}

function sessionText({ sessions }: Aftermath): string[] {
  const { listed, running, total, unusual } = sessions;
  if (total === 0) return [];
  const runs = listed.filter((session) => session.running).map(sessionName);
  const shown = runs.slice(0, 5).join(', ');
  const more = running > 5 ? ` and ${running - 5} more` : '';
  const verb = running === 1 ? 'runs' : 'run';
  const still = running === 0 ? 'none still runs' : `${running} still ${verb}: ${shown}${more}`;
  const asUser = listed.filter(({ as_user }) => as_user !== undefined).length;
  const odd = [
    ...(asUser > 0 ? [`${asUser} in the name of a user`] : []),
    ...(unusual > 0 ? [`${unusual} at an hour or from an origin unlike the thirty days before`] : []),
  ];
  return [
    `started ${plural(total, 'session')}${odd.length > 0 ? ` (${odd.join(', ')})` : ''}, of which ${still}`,
  ];
}

function sessionName({ session_id, url }: SeenSession): string {
  return url ?? session_id;
}

function scheduleText({ schedules: { listed, total } }: Aftermath): string[] {
  if (total === 0) return [];
  const names = listed
    .slice(0, 5)
    .map(({ enabled, name }) => `${JSON.stringify(name)}, ${enabled ? 'enabled' : 'disabled'}`);
  return [`made or changed ${plural(total, 'schedule')} (${names.join('; ')}), which a person has to remove`];
}

function keyText({ keys: { listed, total } }: Aftermath): string[] {
  if (total === 0) return [];
  const names = listed.slice(0, 5).map(({ active, api_key_id, event, queued }) => {
    const next = queued
      ? 'queued for revocation'
      : active === false
        ? 'no longer active'
        : event === undefined
          ? 'the audit log does not name all its ids'
          : `revoke it with ${event}`;
    return `${api_key_id ?? 'a key without an id'}, ${next}`;
  });
  return [`created ${plural(total, 'API key')}: ${names.join('; ')}`];
}

function otherTexts({ acts, secrets, service_users }: Aftermath): string[] {
  return [
    ...(service_users.total > 0 ? [`created ${plural(service_users.total, 'service user')}`] : []),
    ...(secrets.total > 0 ? [`touched secrets ${plural(secrets.total, 'time')}`] : []),
    ...(acts.total > 0
      ? [
          `did ${plural(acts.total, 'other act')} (${Object.entries(acts.by_action)
            .slice(0, 8)
            .map(([action, count]) => `${action} ${count}`)
            .join(', ')})`,
        ]
      : []),
  ];
}

function endText({ end, end_reason, session_id }: SeenSession): string[] {
  switch (end) {
    case undefined:
      return [];
    case 'ended':
      return [`${session_id} was ended, and its end was read`];
    case 'ended_by_itself':
      return [`${session_id} ended by itself`];
    case 'over_after_intent':
      return [`${session_id} is over, after an earlier try to end it`];
    case 'would_end':
      return [`${session_id} would have been ended`];
    case 'unproven':
    case 'failed':
      return [`${session_id} was NOT ENDED: ${end_reason ?? 'unknown'}`];
    default:
      return end satisfies never;
  }
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
