import { errorFields, log } from '../../platform/log.ts';
import { pooled } from '../../platform/map-concurrent.ts';
import { count } from '../../platform/metrics.ts';
import type { Notify, NotifyOwner } from './deps.ts';
import type { Entry, Page } from './plan.ts';
import type { PlanStore } from './plan-store.ts';
import { type Warning, warningText } from './warning-text.ts';

export interface WarnDeps {
  readonly plans: Pick<PlanStore, 'hasNote' | 'putNote'>;
  readonly notify: Notify;
  readonly notifyOwner: NotifyOwner;
}

/** Warnings of one mail: those of a page stay far below the 256 KiB of SNS. */
const MAX_TEXTS = 200;

/**
 * Warns of the page's keys that expire soon, once for each key and threshold. A warning counts as given only when it
 * went out to everyone, and is noted after that: it may come twice, and is never lost. A key without an expiry is listed
 * in the plan, which needs no note of its own.
 *
 * @param now UNIX seconds
 */
export async function warn(page: Page, now: number, deps: WarnDeps): Promise<void> {
  const due = page.entries.filter(({ rule }) => rule === 'expires_soon');
  const isNew = await pooled(due, 8, async (entry) => !(await wasGiven(entry, deps)));
  const warnings = due
    .filter((_entry, index) => isNew[index])
    .map((entry): Warning => ({ entry, text: warningText(entry, now) }));
  for (const { entry, text } of warnings) {
    const { api_key_id, rule, service_user_id } = entry;
    log('warn', 'key warning', { plan_id: page.plan_id, service_user_id, api_key_id, rule, text });
  }
  const [atTopic, atOwners] = await Promise.all([
    deliver(chunks(warnings), (some) => deps.notify(subjectOf(some), textOf(some))),
    deliver(byOwner(warnings), ([first, ...more]) =>
      first === undefined
        ? Promise.resolve(true)
        : deps.notifyOwner(first.entry, subjectOf([first, ...more]), textOf([first, ...more])),
    ),
  ]);
  const given = warnings.filter((warning) => atTopic.has(warning) && atOwners.has(warning));
  await pooled(given, 8, ({ entry }) => note(entry, page, now, deps));
  const lost = warnings.length - given.length;
  if (lost > 0) log('error', 'warnings did not go out', { plan_id: page.plan_id, warnings: lost });
}

/** A note that cannot be read counts as none. */
async function wasGiven(entry: Entry, { plans }: WarnDeps): Promise<boolean> {
  try {
    return await plans.hasNote(notePath(entry));
  } catch (error) {
    log('warn', 'note of a warning not readable', errorFields(error));
    return false;
  }
}

/** @returns the warnings that went out */
async function deliver(
  groups: readonly (readonly Warning[])[],
  send: (group: readonly Warning[]) => Promise<boolean>,
): Promise<ReadonlySet<Warning>> {
  const sent = await pooled(groups, 4, async (group) => {
    if (await send(group)) return group;
    count('SweepNotNotified', { job: 'sweep-keys' });
    return [];
  });
  return new Set(sent.flat());
}

async function note(entry: Entry, { plan_id }: Page, now: number, { plans }: WarnDeps): Promise<void> {
  try {
    await plans.putNote(notePath(entry), { version: 1, plan_id, warned_at: now * 1_000, ...entry });
  } catch (error) {
    // The next sweep warns again.
    log('warn', 'warning not noted', errorFields(error));
  }
}

function chunks(warnings: readonly Warning[]): Warning[][] {
  const count = Math.ceil(warnings.length / MAX_TEXTS);
  return Array.from({ length: count }, (_, at) => warnings.slice(at * MAX_TEXTS, (at + 1) * MAX_TEXTS));
}

function byOwner(warnings: readonly Warning[]): Warning[][] {
  return [...Map.groupBy(warnings, ({ entry }) => entry.service_user_id).values()].flatMap(chunks);
}

function subjectOf({ length }: readonly Warning[]): string {
  return length === 1 ? '1 API key expires soon' : `${length} API keys expire soon`;
}

function textOf(warnings: readonly Warning[]): string {
  return warnings.map(({ text }) => text).join('\n\n');
}

// A new expiry is a new warning.
function notePath({ api_key_id, expires_at, service_user_id, threshold_days }: Entry): string {
  const key = api_key_id.replaceAll('~', '=7E');
  return `warnings/${service_user_id}/${key}/expires-${expires_at}-${threshold_days}d.json`;
}
