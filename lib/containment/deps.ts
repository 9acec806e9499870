import type { ReportTrail } from '../audit/trail.ts';
import type { Devin } from '../clients/devin.ts';
import type { AdminToken } from '../clients/devin-admin-token.ts';
import type { GitHub } from '../clients/github.ts';
import type { Key } from '../domain/key.ts';
import type { OutcomeDraft } from '../domain/outcome.ts';
import type { Registry } from '../identify/registry/registry.ts';
import type { SearchOptions } from '../identify/target-by-search.ts';
import type { BatchPlace } from './batch-barrier.ts';

/** What `contain` works with. Built in one place, handlers/revoke.ts; no step takes all of it. */
export interface Deps {
  readonly admin: AdminToken;
  readonly devin: Devin;
  readonly github?: GitHub | undefined;
  readonly trail: ReportTrail;
  readonly registry: Registry;
  /** The search for the key among several. */
  readonly search: Pick<SearchOptions, 'store' | 'notify' | 'error' | 'searchMs'>;
  readonly place: BatchPlace;
  /** Asked right before the DELETE of a single key; an answer is how the report ends instead. */
  readonly recheck?: ((key: Key) => Promise<OutcomeDraft | undefined>) | undefined;
  readonly dryRun: boolean;
  /** What to do with a token whose key stays ambiguous. */
  readonly ambiguousKey: 'escalate' | 'revoke_all';
  readonly proofWindowMs: number;
  /** Epoch milliseconds after which nothing new is tried. */
  readonly deadline: number;
}
