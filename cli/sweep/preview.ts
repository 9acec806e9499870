import type { Devin } from '../../lib/clients/devin.ts';
import type { DevinServiceUsers } from '../../lib/clients/devin-service-users.ts';
import { ownServiceUsers } from '../../lib/clients/own-service-users.ts';
import type { Token } from '../../lib/domain/token.ts';
import { evaluatePage } from '../../lib/sweep/keys/evaluate-page.ts';
import { type Block, findBlocks, NOTHING, type Totals } from '../../lib/sweep/keys/guardrails.ts';
import type { Entry, Page, Start } from '../../lib/sweep/keys/plan.ts';

/** A plan to look at: it is not stored, and no warning is sent. */
export interface Preview {
  readonly totals: Totals;
  /** What would block it, except for the comparison with the previous plan. */
  readonly blocks: readonly Block[];
  readonly entries: readonly Entry[];
}

/**
 * @param ownTokens read our tokens other than the admin token, as far as there are such
 * @param onPage called after each page with the service users so far, and how many there are if that is known
 */
export async function previewPlan(
  devin: Devin & DevinServiceUsers,
  ownTokens: readonly ((() => Promise<Token>) | undefined)[],
  settings: Pick<Start, 'mode' | 'policy' | 'caps'>,
  onPage: (users: number, total: number | undefined) => void,
): Promise<Preview> {
  const started_at = Date.now();
  const own = await ownServiceUsers(devin, ownTokens, { deadline: started_at + 60_000 });
  const start: Start = {
    version: 1,
    plan_id: '00000000T000000Z-00000000',
    started_at,
    invoked_by: 'console',
    ...settings,
    own: own ?? [],
  };
  const entries: Entry[] = [];
  let last: Page | undefined;
  let broken: string | undefined;
  while (last === undefined || last.next !== null) {
    const evaluated = await evaluatePage(devin, start, last, {
      deadline: Date.now() + 15 * 60_000,
      pageUsers: 200,
      isCompact: false,
    });
    if (!evaluated.ok) {
      broken = evaluated.reason;
      break;
    }
    last = evaluated.page;
    entries.push(...last.entries);
    onPage(last.totals.users, evaluated.total);
  }
  const totals = last?.totals ?? NOTHING;
  const skewSeconds = last === undefined ? 0 : (last.skew_seconds ?? undefined);
  const blocks = findBlocks(totals, start.caps, {
    broken,
    skewSeconds,
    ownKnown: own !== undefined,
    previous: 'none',
    unlisted: last?.unlisted ?? 0,
    exemptUnused: broken === undefined ? (last?.exempt_unused ?? []) : [],
  });
  return { totals, entries, blocks };
}
