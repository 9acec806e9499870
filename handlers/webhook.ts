import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import { early } from '../lib/cold-start/webhook.ts';

// All else is loaded while the secret is on its way.
const loading = early.sent.then(() => import('./webhook/receive.ts'));
// A failure shows to the invocation that awaits it.
loading.catch(() => {});

/** GitHub's webhook, behind a Lambda function URL (payload format 2.0). */
export const handler = async (event: APIGatewayProxyEventV2, context: Context) =>
  (await loading).handler(event, context);
