import { createHash } from 'node:crypto';
import type { LeakReport } from '../../domain/report.ts';
import { log } from '../../platform/log.ts';
import { pooled } from '../../platform/map-concurrent.ts';
import type { FindOwner, ListedBetween } from './current-owner.ts';
import type { SweepDeps } from './deps.ts';
import { evaluateKey } from './evaluate-user.ts';
import type { Acted, Entry, Page, Start } from './plan.ts';

type EnqueueDeps = Pick<SweepDeps, 'devin' | 'killSwitch' | 'send' | 'deadline'> & {
  /** The rules of today, as of now, and the service users whose keys we ourselves use today. */
  readonly today: Pick<Start, 'own' | 'policy' | 'started_at'>;
  readonly findOwner: FindOwner;
  /** Where the page's service users are listed. */
  readonly listed: ListedBetween;
  /** What started the plan, or a person who released it. */
  readonly by: 'schedule' | 'console';
};

/**
 * Queues the revocations of one page. Each key is checked once more: it must be listed, not revoked, unchanged, and due
 * by the same rule today, with the rules and the service user of today. The reports have the same ids however often this runs.
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
    const reason = await reasonToSkip(entry, deps);
    if (reason !== undefined) {
      acted.left.push({ service_user_id, api_key_id, reason });
      return;
    }
    if (isStopped) return;
    const { state } = await deps.killSwitch.read({ deadline: deps.deadline });
    // Never set back: of keys at the same time, another one may have found that sweeps are stopped.
    if (state !== 'running') isStopped = true;
    if (isStopped) return;
    const report = toReport(start, entry, deps.by);
    await deps.send(report);
    acted.queued.push(report.report_id);
    log('info', 'revocation queued', { report_id: report.report_id, rule: entry.rule });
  });
  return isStopped ? undefined : acted;
}

/** Why the key is not to be revoked any more; `undefined` when it still is. */
async function reasonToSkip(entry: Entry, deps: EnqueueDeps): Promise<string | undefined> {
  const { api_key_id, service_user_id } = entry;
  const [found, listing] = await Promise.all([
    deps.findOwner(service_user_id, deps.listed),
    deps.devin.listKeys(service_user_id, { deadline: deps.deadline }),
  ]);
  if (found.status === 'unknown') return `its service user cannot be checked again: ${found.reason}`;
  if (found.status === 'not_listed') return 'its service user is not listed any more';
  if (!listing.ok) return `cannot be checked again: ${listing.reason}`;
  const key = listing.keys.find((candidate) => candidate.api_key_id === api_key_id);
  if (key === undefined) return 'not listed any more';
  if (key.created_at !== entry.created_at || (key.expires_at ?? null) !== entry.expires_at) return 'changed';
  const decision = evaluateKey(deps.today, found.owner, key);
  if (decision.decision !== 'revoke') return `not due any more: ${decision.rule}`;
  return decision.rule === entry.rule ? undefined : `due by another rule now: ${decision.rule}`;
}

/** For so long a key that was found due may wait for its revocation. */
const DUE_FOR_MS = 86_400_000;

/** The report of a planned revocation. */
export function toReport(start: Start, entry: Entry, by: EnqueueDeps['by']): LeakReport {
  const { api_key_id, rule, service_user_id } = entry;
  const now = Date.now();
  const due_while = dueWhile(entry);
  return {
    version: 1,
    report_id: `sweep/${start.plan_id}/${service_user_id}/${reportIdSegment(api_key_id)}`,
    detector: 'sweep',
    invoked_by: by,
    reported_at: start.started_at,
    seen_at: now,
    act_before: now + DUE_FOR_MS,
    ...(due_while && { due_while }),
    leak: { kind: 'key', service_user_id, api_key_id },
    reason: `${REASONS[rule] ?? rule}; plan ${start.plan_id}`,
  };
}

/** An idle key may be used before its revocation, and a service user that is expired may be renewed; no key gets younger. */
function dueWhile({ last_used_at = null, rule }: Entry): LeakReport['due_while'] {
  if (rule === 'max_age') return undefined;
  return rule === 'max_idle' ? { last_used_at } : { is_active: false };
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
