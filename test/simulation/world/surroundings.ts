import type { Devin } from '../../../sandbox/devin.ts';
import type { AlertName, GitHub } from '../../../sandbox/github.ts';
import type { S3 } from '../../../sandbox/s3.ts';
import type { Plan } from './plan.ts';
import type { Queue } from './queue.ts';
import type { Scheduler } from './scheduler.ts';

export const BUCKET = 'audit';

/** What of a world shows whether the functions did right. */
export interface Surroundings {
  readonly plan: Plan;
  readonly scheduler: Scheduler;
  readonly devin: Devin;
  readonly github: GitHub;
  readonly s3: S3;
  readonly leaks: Queue;
  readonly backlog: Queue;
  readonly sweeps: Queue;
  readonly network: { readonly requests: number };
}

/** A DELETE that took effect. */
export interface Death {
  readonly at: number;
  readonly invocation: string | undefined;
}

/** What is true of the keys and the alerts. */
export interface Truth {
  /** Keys that may be deleted. */
  readonly leaked: ReadonlySet<string>;
  readonly deaths: ReadonlyMap<string, Death>;
  readonly revokedByOthers: ReadonlySet<string>;
  readonly alerts: readonly { readonly alert: AlertName; readonly tokens: readonly string[] }[];
}

/** The id of the report in a message, if there is one. */
export function reportIdOf(body: string): string | undefined {
  try {
    const { report_id } = JSON.parse(body);
    return typeof report_id === 'string' ? report_id : undefined;
  } catch {
    return undefined;
  }
}
