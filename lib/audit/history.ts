import type { Collateral, Deletion } from '../domain/outcome-facts.ts';

/** What earlier deliveries of a report did to keys. */
export interface History {
  /** Each DELETE that was sent, in order. */
  readonly deletions: readonly Deletion[];
  /** Keys that were revoked and were not the leaked one. */
  readonly collateral: readonly Collateral[];
  /** The key turned out to be our own. */
  readonly own_key?: true;
}

/** Of a report that no delivery worked on before. */
export const NO_HISTORY: History = { deletions: [], collateral: [] };
