import type { AdminToken } from './admin-token.ts';
import type { Journal } from './audit/journal.ts';
import type { Devin } from './devin.ts';
import type { GitHub } from './github.ts';
import type { Key } from './key.ts';
import type { Ending } from './outcome.ts';
import type { Turn } from './turn.ts';

/** What the steps of a containment work with. Built in one place, handlers/revoke.ts. */
export interface Deps {
  readonly admin: AdminToken;
  readonly devin: Devin;
  readonly github?: GitHub | undefined;
  readonly journal: Journal;
  readonly turn: Turn;
  /** Asked right before the DELETE of a key that the report names; what it answers is how the report ends instead. */
  readonly hold?: ((key: Key) => Promise<Ending | undefined>) | undefined;
  readonly dryRun: boolean;
  /** What to do with a token whose key stays ambiguous. */
  readonly ambiguousKey: 'escalate' | 'revoke_all';
  readonly proofWindowMs: number;
  /** Epoch milliseconds after which nothing new is tried. */
  readonly deadline: number;
}
