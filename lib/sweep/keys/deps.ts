import type { Devin } from '../../clients/devin.ts';
import type { DevinServiceUsers } from '../../clients/devin-service-users.ts';
import type { LeakReport } from '../../domain/report.ts';
import type { Block, Totals } from './guardrails.ts';
import type { KillSwitch } from './kill-switch.ts';
import type { Entry, Start, Summary } from './plan.ts';
import type { PlanStore } from './plan-store.ts';
import type { Continuation } from './read-order.ts';

/** Sends a message to people; it goes out as a mail. @returns whether it went out */
export type Notify = (subject: string, text: string) => Promise<boolean>;

/** Sends a message to the owner of a service user. @returns whether it went out; also when there is no owner */
export type NotifyOwner = (
  owner: Pick<Entry, 'service_user_id' | 'service_user_name'>,
  subject: string,
  text: string,
) => Promise<boolean>;

/** Writes the plan, in figures, to the audit log. @throws {PlanStoreError} */
export type RecordPlan = (summary: Summary) => Promise<void>;

/** What one invocation of a sweep works with. */
export interface SweepDeps {
  readonly devin: Pick<Devin, 'listKeys'> & DevinServiceUsers;
  readonly plans: PlanStore;
  readonly killSwitch: KillSwitch;
  /** The service users whose keys we ourselves use; `undefined` when they cannot be determined. */
  readonly ownServiceUsers: () => Promise<readonly string[] | undefined>;
  readonly settings: Pick<Start, 'mode' | 'policy' | 'caps'>;
  /** Puts a revocation onto the queue behind which no leak waits. */
  readonly send: (report: LeakReport) => Promise<void>;
  /** Starts the next invocation of the chain; without it, a person or a script continues. */
  readonly enqueueContinuation?: ((next: Continuation, delaySeconds: number) => Promise<void>) | undefined;
  readonly notify: Notify;
  readonly notifyOwner: NotifyOwner;
  /** A page of the plan ends when so many service users were listed. */
  readonly pageUsers: number;
  /** A plan is not carried out after this many days. */
  readonly planDays: number;
  readonly record?: RecordPlan | undefined;
  /** Nothing is put onto the queue. */
  readonly dryRun: boolean;
  readonly requestId: string;
  /** Epoch milliseconds by which everything has to have ended. */
  readonly deadline: number;
}

/** The sweep has not ended: it continues in the next invocation, or when sweeps may run again. */
export type Interrupted =
  | { readonly status: 'unfinished'; readonly plan_id: string; readonly next: Continuation }
  | { readonly status: 'stopped'; readonly plan_id: string; readonly reason: string };

/** How an invocation ended. */
export type SweepResult =
  | {
      readonly status: 'report' | 'blocked' | 'enforced' | 'released' | 'rehearsed';
      readonly plan_id: string;
      readonly totals: Totals;
      readonly blocks: readonly Block[];
      /** Reports that this invocation put onto the queue, and keys that it skipped since they have changed. */
      readonly queued?: number;
      readonly left?: number;
    }
  | Interrupted
  | { readonly status: 'stop_set' | 'stop_lifted' };
