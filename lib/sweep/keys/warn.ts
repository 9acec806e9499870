import { log } from '../../platform/log.ts';
import { pooled } from '../../platform/map-concurrent.ts';
import type { Entry, Page } from './plan.ts';
import type { PlanStore } from './plan-store.ts';

const DAY = 86_400;

/**
 * Warns of the page's keys, once for each key and threshold: a note in the audit bucket shows that it was done.
 *
 * @param now UNIX seconds
 * @returns the warnings that are new
 */
export async function warn(page: Page, plans: Pick<PlanStore, 'putNote'>, now: number): Promise<string[]> {
  const due = page.entries.filter(({ decision }) => decision === 'warn');
  const texts = await pooled(due, 8, async (entry) => {
    const isNew = await plans.putNote(warningPath(entry), {
      version: 1,
      plan_id: page.plan_id,
      warned_at: now * 1_000,
      ...entry,
    });
    if (!isNew) return [];
    const { api_key_id, rule, service_user_id } = entry;
    const text = warning(entry, now);
    log('warn', 'key warning', { plan_id: page.plan_id, service_user_id, api_key_id, rule, text });
    return [text];
  });
  return texts.flat();
}

/** What people need to know: the key's name, its owner, the day, and what to do. */
export function warning(entry: Entry, now: number): string {
  const { api_key_id, api_key_name, service_user_id, service_user_name } = entry;
  const key = `API key "${api_key_name}" (${api_key_id})`;
  const owner = `service user "${service_user_name}" (${service_user_id})`;
  const rotate = `POST /v3beta1/enterprise/service-users/${service_user_id}/api-keys/${api_key_id}/rotate`;
  const how = `To rotate it: ${rotate} with {"revoke_current": false}, deploy the new token, then revoke this key.`;
  if (typeof entry.expires_at !== 'number') return `${key} of ${owner} never expires. ${how}`;
  const day = new Date(entry.expires_at * 1_000).toISOString().slice(0, 10);
  const left = Math.max(0, Math.ceil((entry.expires_at - now) / DAY));
  return `${key} of ${owner} expires on ${day}, in ${left} ${left === 1 ? 'day' : 'days'}. ${how}`;
}

// A new expiry is a new warning.
function warningPath({ api_key_id, expires_at, rule, service_user_id, threshold_days }: Entry): string {
  const what = rule === 'no_expiry' ? 'no-expiry' : `expires-${expires_at}-${threshold_days}d`;
  return `warnings/${service_user_id}/${api_key_id.replaceAll('~', '=7E')}/${what}.json`;
}
