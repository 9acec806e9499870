import type { Context } from 'aws-lambda';
import type { TrailParts } from '../audit/trail.ts';
import type { AwsEnvironment } from '../aws/environment.ts';
import type { ReadSecret } from '../aws/secrets.ts';
import type { Devin } from '../clients/devin.ts';
import type { AdminToken } from '../clients/devin-admin-token.ts';
import type { Ended } from '../notice/ended.ts';
import type { AskedBy } from './asked-aftermath.ts';
import type { AftermathSettings } from './config.ts';

/** The reports of an event have ended. */
export interface Settled<Answer> {
  /** Rejects for an EventBridge event that is to be retried. */
  readonly answer: Promise<Answer>;
  readonly ended: readonly Ended[];
}

/** Ends the reports of an event. @throws {BadEventError} */
export type SettleReports<Answer> = (event: unknown) => Promise<Settled<Answer>>;

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
  readonly context: Pick<
    Context,
    'awsRequestId' | 'functionName' | 'invokedFunctionArn' | 'getRemainingTimeInMillis'
  >;
}
