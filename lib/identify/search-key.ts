import { type LeaseParts, takeLease } from '../aws/lease.ts';
import type { AuditStore } from '../aws/write-once-bucket.ts';
import type { Devin } from '../clients/devin.ts';
import type { ApiKey } from '../clients/devin-shapes.ts';
import { threadOf } from '../domain/report.ts';
import type { Token } from '../domain/token.ts';
import { log } from '../platform/log.ts';
import { measure } from '../platform/metrics.ts';
import { parseJson } from '../platform/parse-json.ts';
import { sleep } from '../platform/retry.ts';
import { SearchResult } from './search-result.ts';
import { tellApart } from './tell-apart.ts';

export interface SearchParts {
  readonly devin: Pick<Devin, 'listKeys' | 'probe'>;
  readonly store: AuditStore;
  /** Notifies people; it never rejects. */
  readonly notify: (subject: string, text: string, options: { readonly thread: string }) => Promise<unknown>;
}

export interface Search {
  readonly report_id: string;
  readonly service_user_id: string;
  readonly token: Token;
  readonly candidates: readonly ApiKey[];
  /** The most that the probability of a wrong key may be. */
  readonly error: number;
  /** Milliseconds that it may take. */
  readonly searchMs: number;
  /** Epoch milliseconds after which nothing of it goes on. */
  readonly until: number;
}

/** `busy`: another report of the token searches for longer than this one can wait. */
export type Searched =
  | { readonly status: 'ended'; readonly result: SearchResult }
  | { readonly status: 'busy' };

/** Milliseconds between looks for the result of another report's search. */
const POLL_MS = 1_000;
/** Milliseconds that people are waited for before the search begins, so that it is not disturbed. */
const NOTIFY_FIRST_MS = 1_000;

/**
 * Finds the key of a token among candidates, once for all reports of the token: one of them holds a lease and searches,
 * the others wait for its result. Two searches at a time would see each other's uses.
 */
export async function searchKey(parts: SearchParts, search: Search): Promise<Searched> {
  if (search.searchMs === 0 || Date.now() >= search.until)
    return { status: 'ended', result: notBegun(search) };
  const lease = { store: parts.store, folder: `leases/token/${search.token.fingerprint()}/` };
  while (Date.now() < search.until) {
    const taken = await takeLease(lease);
    switch (taken.status) {
      case 'unavailable':
        // Rather twice than not at all.
        return { status: 'ended', result: await run(parts, search) };
      case 'held': {
        const result = await run(parts, search, taken.lost).finally(taken.end);
        await parts.store.put(resultPath(lease, taken.holder), result, brief());
        return { status: 'ended', result };
      }
      case 'taken': {
        const result = await awaitResult(lease, taken.holder, Math.min(taken.ends, search.until));
        if (result !== undefined) return { status: 'ended', result };
        break;
      }
      default:
        return taken satisfies never;
    }
  }
  return { status: 'busy' };
}

/** While the search runs, a lease of the service user shows that a leak of it is being dealt with. */
async function run(parts: SearchParts, search: Search, signal?: AbortSignal): Promise<SearchResult> {
  const { candidates, error, report_id, searchMs, service_user_id, token } = search;
  const until = Math.min(search.until, Date.now() + searchMs);
  log('info', 'telling keys apart', { report_id, service_user_id, keys: candidates.length });
  const leak = await takeLease({ store: parts.store, folder: leakFolder(service_user_id) });
  const startedAt = Date.now();
  const notified = parts.notify(...notice(search, until - Date.now()), { thread: threadOf({ report_id }) });
  await Promise.race([notified, sleep(NOTIFY_FIRST_MS)]);
  try {
    const ids = candidates.map(({ api_key_id }) => api_key_id);
    return await tellApart(parts.devin, { service_user_id, token, candidates: ids, error, until, signal });
  } finally {
    measure('SearchSeconds', 'Seconds', (Date.now() - startedAt) / 1_000);
    if (leak.status === 'held') leak.end();
    await notified;
  }
}

/** The lease that is held while a leaked key of the service user is searched for. */
export function leakFolder(serviceUserId: string): string {
  return `leases/leak/${serviceUserId}/`;
}

/** There is no time to search. */
function notBegun({ candidates, error }: Search): SearchResult {
  const bound_log10 = Math.log10(candidates.length / error);
  return { ended: 'open', likelihoods: [], bound_log10, error, slots: 0, uses: 0 };
}

async function awaitResult(
  lease: LeaseParts,
  holder: string,
  until: number,
): Promise<SearchResult | undefined> {
  for (;;) {
    const found = await lease.store.get(resultPath(lease, holder), brief());
    if (found.ok && found.text !== undefined) return parseJson(found.text, SearchResult);
    if (Date.now() >= until) return undefined;
    await sleep(Math.min(POLL_MS, Math.max(1, until - Date.now())));
  }
}

function resultPath({ folder }: LeaseParts, holder: string): string {
  return `${folder}${holder}.result.json`;
}

/** Whose keys they are, and what a person who knows better can do meanwhile. */
function notice({ candidates, report_id, service_user_id }: Search, ms: number): [string, string] {
  const events = candidates.slice(0, 50).map(({ api_key_id, api_key_name }) => {
    const event = JSON.stringify({ service_user_id, api_key_id });
    return `  ${event}  ${api_key_name}`;
  });
  const more = candidates.length - events.length;
  return [
    `A leaked key of ${service_user_id} is being told apart`,
    [
      `A token of ${service_user_id} leaked and works. It has ${candidates.length} keys that it may be of; an experiment`,
      `tells them apart, which takes up to ${Math.max(1, Math.round(ms / 1_000))} seconds. Its end is on record in either case.`,
      '',
      'If you know which key it is, do not wait: invoke the revoke function with its event.',
      ...events,
      ...(more > 0 ? [`  and ${more} more`] : []),
      '',
      `Report: ${report_id}`,
    ].join('\n'),
  ];
}

function brief() {
  return { deadline: Date.now() + 3_000, attempts: 3, timeoutMs: 1_500 };
}
