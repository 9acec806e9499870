import type { Context } from 'aws-lambda';
import { LeakReport } from '../domain/report.ts';

/**
 * Who invoked the function, as far as Lambda tells: a Cognito identity, or what the caller says of itself in the
 * client context (`{"custom": {"caller": "…"}}`). A plain invoke tells nothing; CloudTrail does, by the request id.
 */
export function callerOf({ clientContext, identity }: Context): string | undefined {
  return caller(identity?.cognitoIdentityId ?? clientContext?.custom?.caller);
}

/** A name as a record may hold it; anything else is left out. */
export function caller(name: unknown): string | undefined {
  return LeakReport.shape.caller.safeParse(name).data;
}
