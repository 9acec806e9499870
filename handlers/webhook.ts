import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import { early } from '../lib/cold-start/webhook.ts';
import { findWay } from '../lib/intake/sources/paths.ts';

/** The sources of the function URL (payload format 2.0). */
export const handler = async (event: APIGatewayProxyEventV2, context: Context) => {
  const http = event.requestContext?.http;
  // All else is loaded while the secret is on its way; none is read for a request that leads nowhere.
  if (http !== undefined && findWay(http).kind === 'source') await early.ask();
  return (await import('./webhook/receive.ts')).handler(event, context);
};
