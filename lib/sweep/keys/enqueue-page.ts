import { createHash } from 'node:crypto';
import type { LeakReport } from '../../domain/report.ts';
import { log } from '../../platform/log.ts';
import { pooled } from '../../platform/map-concurrent.ts';
import type { SweepDeps } from './deps.ts';
import { evaluateKey } from './evaluate-page.ts';
import type { Acted, Entry, Page, Start } from './plan.ts';

type EnqueueDeps = Pick<SweepDeps, 'devin' | 'killSwitch' | 'send' | 'deadline'> & {
  /** Ids of service users and keys that are spared now, beyond what the plan spares. */
  readonly spared: ReadonlySet<string>;
  /** Who carries the plan out: its schedule, or a person who released it. */
  readonly by: 'schedule' | 'console';
};

/**
 * Puts the revocations of one page onto the queue of leaks. Each key is checked once more: it must be listed, not
 * revoked, unchanged, and due by the same rule. The reports have the same ids however often this runs.
 *
 * @returns `undefined` when the kill switch is set or cannot be read; what was queued before stays queued
 * @throws {QueueError}
 */
export async function enqueuePage(start: Start, page: Page, deps: EnqueueDeps): Promise<Acted | undefined> {
  const acted: Acted = { version: 1, plan_id: page.plan_id, page: page.page, queued: [], left: [] };
  let isStopped = false;
  const due = page.entries.filter(({ decision }) => decision === 'revoke');
  await pooled(due, 4, async (entry) => {
    const { api_key_id, service_user_id } = entry;
    const reason = await reasonToSkip(start, entry, deps);
    if (reason !== undefined) {
      acted.left.push({ service_user_id, api_key_id, reason });
      return;
    }
    isStopped ||= (await deps.killSwitch.read({ deadline: deps.deadline })).state !== 'running';
    if (isStopped) return;
    const report = toReport(start, entry, deps.by);
    await deps.send(report);
    acted.queued.push(report.report_id);
    log('info', 'revocation queued', { report_id: report.report_id, rule: entry.rule });
  });
  return isStopped ? undefined : acted;
}

/** Why the key is not to be revoked any more; `undefined` when it still is. */
async function reasonToSkip(start: Start, entry: Entry, deps: EnqueueDeps): Promise<string | undefined> {
  const { api_key_id, service_user_id, service_user_name } = entry;
  if (deps.spared.has(service_user_id) || deps.spared.has(api_key_id)) return 'spared now';
  const listing = await deps.devin.listKeys(service_user_id, { deadline: deps.deadline });
  if (!listing.ok) return `cannot be checked again: ${listing.reason}`;
  const key = listing.keys.find((candidate) => candidate.api_key_id === api_key_id);
  if (key === undefined) return 'not listed any more';
  if (key.created_at !== entry.created_at || (key.expires_at ?? null) !== entry.expires_at) return 'changed';
  const isOwnerExpired = entry.rule === 'owner_expired';
  const owner = {
    service_user_id,
    name: service_user_name,
    // The key's listing does not show its owner's expiry; the plan found it in the past, so it still is.
    expires_at: isOwnerExpired ? Math.floor(start.started_at / 1_000) : null,
  };
  const decision = evaluateKey(start, owner, key);
  if (decision.decision !== 'revoke') return `not due any more: ${decision.rule}`;
  return decision.rule === entry.rule ? undefined : `due by another rule now: ${decision.rule}`;
}

/** The report of a planned revocation, on the same queue as a leak. */
export function toReport(start: Start, entry: Entry, by: EnqueueDeps['by']): LeakReport {
  const { api_key_id, rule, service_user_id } = entry;
  return {
    version: 1,
    report_id: `sweep/${start.plan_id}/${service_user_id}/${reportIdSegment(api_key_id)}`,
    detector: 'sweep',
    invoked_by: by,
    reported_at: start.started_at,
    seen_at: Date.now(),
    leak: { kind: 'key', service_user_id, api_key_id },
    reason: `${REASONS[rule] ?? rule}; plan ${start.plan_id}`,
  };
}

/** A key's id may contain what a report's id may not: "~", and more characters. */
function reportIdSegment(apiKeyId: string): string {
  if (/^[A-Za-z0-9_.-]{1,200}$/.test(apiKeyId)) return apiKeyId;
  return `sha256-${createHash('sha256').update(apiKeyId).digest('hex')}`;
}

const REASONS: Readonly<Record<string, string>> = {
  expired: 'the key is expired and not revoked',
  owner_expired: 'the service user of the key is expired',
  owner_removed: 'the service user of the key is removed',
  max_age: 'the key is older than SWEEP_MAX_AGE_DAYS allows',
  max_idle: 'the key was not used for longer than SWEEP_MAX_IDLE_DAYS allows',
};
