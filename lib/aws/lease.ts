import { randomUUID } from 'node:crypto';
import * as z from 'zod/mini';
import { parseJson } from '../platform/parse-json.ts';
import type { AuditStore } from './write-once-bucket.ts';

/**
 * Milliseconds of one term. Each term of a lease is an object of its own that is written once, named by the term's
 * number since the epoch. A holder takes the next term half a term ahead, so after a crash the lease ends within a term
 * and a half.
 */
export const TERM_MS = 30_000;

const Term = z.object({ holder: z.string().check(z.regex(/^[\w-]{1,80}$/)) });

export interface LeaseParts {
  readonly store: AuditStore;
  /** Ends in `/`. All that is in it belongs to the lease. */
  readonly folder: string;
}

export interface Lease {
  readonly status: 'held';
  /** Different for each lease that was ever held. */
  readonly holder: string;
  /** Aborts when somebody else has the next term. */
  readonly lost: AbortSignal;
  /** Takes no further term; those that were taken run out. */
  end(): void;
}

/** `taken`: somebody else holds it until `ends` (epoch milliseconds) at least. `unavailable`: the bucket is down. */
export type Taken =
  | Lease
  | { readonly status: 'taken'; readonly holder: string; readonly ends: number }
  | { readonly status: 'unavailable' };

/** Takes a lease, and keeps it until its end by conditional puts. */
export async function takeLease(parts: LeaseParts): Promise<Taken> {
  const term = termAt(Date.now());
  const holder = `${term}-${randomUUID()}`;
  const first = await takeTerm(parts, term, holder);
  if (first.status !== 'held') return first;
  const lost = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let isOver = false;
  const renewAhead = (next: number): void => {
    timer = setTimeout(
      async () => {
        const { status } = await takeTerm(parts, next, holder);
        // While the bucket is down nobody else can take it either.
        if (status === 'taken') lost.abort();
        else if (!isOver) renewAhead(next + 1);
      },
      Math.max(0, (next - 0.5) * TERM_MS - Date.now()),
    );
  };
  renewAhead(term + 1);
  return {
    status: 'held',
    holder,
    lost: lost.signal,
    end() {
      isOver = true;
      clearTimeout(timer);
    },
  };
}

/** Whether somebody holds the lease now. A bucket that is down shows nobody. */
export async function isLeased({ folder, store }: LeaseParts): Promise<boolean> {
  const found = await store.get(pathOf(folder, termAt(Date.now())), brief());
  return found.ok && found.text !== undefined;
}

async function takeTerm(
  { folder, store }: LeaseParts,
  term: number,
  holder: string,
): Promise<Exclude<Taken, Lease> | { readonly status: 'held' }> {
  const path = pathOf(folder, term);
  const { result } = await store.put(path, { holder }, brief());
  if (result === 'stored') return { status: 'held' };
  if (result === 'failed') return { status: 'unavailable' };
  const found = await store.get(path, brief());
  const other = found.ok && found.text !== undefined ? parseJson(found.text, Term) : undefined;
  if (other === undefined) return { status: 'unavailable' };
  // A put whose answer was lost is tried again, and meets itself.
  return other.holder === holder
    ? { status: 'held' }
    : { status: 'taken', holder: other.holder, ends: (term + 1) * TERM_MS };
}

function termAt(ms: number): number {
  return Math.floor(ms / TERM_MS);
}

function pathOf(folder: string, term: number): string {
  return `${folder}${term}.json`;
}

function brief() {
  return { deadline: Date.now() + 3_000, attempts: 3, timeoutMs: 1_500 };
}
