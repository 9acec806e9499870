import type { Context } from 'aws-lambda';
import type { TrailParts } from '../audit/trail.ts';
import type { AwsEnvironment } from '../aws/environment.ts';
import type { ReadSecret } from '../aws/secrets.ts';
import type { Devin } from '../clients/devin.ts';
import type { AdminToken } from '../clients/devin-admin-token.ts';
import type { Outcome } from '../domain/outcome.ts';
import type { Report } from '../domain/report.ts';
import type { AskedBy } from './asked-aftermath.ts';
import type { AftermathSettings } from './config.ts';

/** A report that ended in this invocation. */
export interface Ended {
  readonly report: Report;
  readonly outcome: Outcome;
}

/** Ends the reports of an event. @throws {BadEventError} */
export type SettleReports<Answer> = (
  event: unknown,
) => Promise<{ readonly answer: Answer; readonly ended: readonly Ended[] }>;

/**
 * What the worker lends to what follows its reports. follow-all.ts has copies of its own of all that it imports, so what
 * has a state, such as the cached admin token, is lent.
 */
export interface FollowUpParts {
  readonly config: AftermathSettings;
  readonly aws: AwsEnvironment;
  readonly read: ReadSecret;
  readonly admin: AdminToken;
  readonly devin: Devin;
  readonly records: TrailParts;
  readonly received: AskedBy;
  readonly context: Pick<Context, 'awsRequestId' | 'invokedFunctionArn' | 'getRemainingTimeInMillis'>;
}
