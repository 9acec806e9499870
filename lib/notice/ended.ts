import type { Outcome } from '../domain/outcome.ts';
import type { Report } from '../domain/report.ts';

/** A report that ended in this invocation. */
export interface Ended {
  readonly report: Report;
  readonly outcome: Outcome;
  /** How often it was delivered, this time included. */
  readonly attempt: number;
}
