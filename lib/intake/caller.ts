import type { Context } from 'aws-lambda';
import { LeakReport } from '../domain/report.ts';
import { containsToken } from '../domain/token-forms.ts';

/**
 * Who invoked the function, as far as Lambda knows: a Cognito identity, or what the caller says of itself in the
 * client context (`{"custom": {"caller": "…"}}`). A plain invoke names nobody; CloudTrail does, by the request id.
 */
export function callerOf({ clientContext, identity }: Context): string | undefined {
  return caller(identity?.cognitoIdentityId ?? clientContext?.custom?.caller);
}

/** A name that a record may hold; `undefined` for anything else, a token above all. */
export function caller(name: unknown): string | undefined {
  const parsed = LeakReport.shape.caller.safeParse(name).data;
  return parsed === undefined || containsToken(parsed) ? undefined : parsed;
}
