import type { Entry } from './plan.ts';

/** A warning and its text for people. */
export interface Warning {
  readonly entry: Entry;
  readonly text: string;
}

const DAY = 86_400;

/** What people need to know: the key, its service user, the day, why they are warned, and what to do. @param now UNIX seconds */
export function warningText(entry: Entry, now: number): string {
  const { api_key_id, api_key_name, expires_at, service_user_id, service_user_name, threshold_days } = entry;
  const key = `API key "${api_key_name}" (${api_key_id})`;
  const owner = `service user "${service_user_name}" (${service_user_id})`;
  const rotate = `POST /v3beta1/enterprise/service-users/${service_user_id}/api-keys/${api_key_id}/rotate`;
  const how = `To rotate it: ${rotate} with {"revoke_current": false}, deploy the new token, then revoke this key.`;
  if (typeof expires_at !== 'number') return `${key} of ${owner} never expires. ${how}`;
  const day = new Date(expires_at * 1_000).toISOString().slice(0, 10);
  const left = Math.max(0, Math.ceil((expires_at - now) / DAY));
  const when = `expires on ${day}, in ${left} ${left === 1 ? 'day' : 'days'}`;
  const why = `This is the warning of ${threshold_days} ${threshold_days === 1 ? 'day' : 'days'} before its expiry, after which it no longer works.`;
  return `${key} of ${owner} ${when}. ${how} ${why}`;
}
