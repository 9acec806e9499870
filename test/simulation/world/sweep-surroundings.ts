import type { Chance } from './chance.ts';
import type { Ended } from './container.ts';
import type { Invariant } from './invariants.ts';
import type { FunctionName } from './realm-build.ts';
import type { Surroundings } from './surroundings.ts';

/** The part of a world's ledger that the sweeps write to. */
export interface SweepBook {
  readonly reports: ReadonlyMap<string, { readonly status?: string }>;
  readonly revokedByOthers: Set<string>;
  check(invariant: Invariant, holds: boolean, text: () => string): void;
  fault(kind: string, reports: readonly string[], where: string): void;
  guard(secret: string): void;
  /** A report that the software has taken. */
  report(id: string): unknown;
  tell(text: string): void;
}

/** What of a world the sweeps of keys take place in. */
export interface SweepSurroundings extends Surroundings {
  readonly admin: { readonly service_user_id: string };
  readonly chance: Chance;
  readonly ledger: SweepBook;
  /** Epoch milliseconds. */
  readonly time: number;
  invoke(name: FunctionName, event: unknown, reports: readonly string[], onEnd: (ended: Ended) => void): void;
  schedule(ms: number, run: () => void): unknown;
}
