import middy from '@middy/core';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda';
import { awsEnvironment } from '../../lib/aws/environment.ts';
import { SecretError, secretsManager } from '../../lib/aws/secrets.ts';
import { QueueError, sqsQueue } from '../../lib/aws/sqs.ts';
import { early } from '../../lib/cold-start/webhook.ts';
import { WebhookConfig } from '../../lib/intake/config.ts';
import { readDelivery } from '../../lib/intake/github-webhook.ts';
import { rawBody } from '../../lib/intake/raw-body.ts';
import { refusalCounter } from '../../lib/intake/refusal-counter.ts';
import { isSigned } from '../../lib/intake/signature.ts';
import { webhookSecrets } from '../../lib/intake/webhook-secrets.ts';
import { ConfigError, parseConfig } from '../../lib/platform/config.ts';
import { errorFields, type LogFields, log } from '../../lib/platform/log.ts';
import { preconnect } from '../../lib/platform/preconnect.ts';

type Answer = APIGatewayProxyStructuredResultV2;

/** Above GitHub's largest alert by far; Lambda itself takes 6 MB. */
const MAX_BODY_BYTES = 1024 * 1024;
/** GitHub gives up after 10 s. */
const ANSWER_WITHIN_MS = 8_000;
/** Two may be read one after the other, the first of them while this file waits to be loaded. */
const READ_SECRET_WITHIN_MS = 3_500;

let parts: ReturnType<typeof connect> | undefined;
try {
  // The secret is read, and the way to the queue opened, before a delivery needs them.
  parts = connect();
} catch {
  // The invocation that meets a wrong configuration reports it.
}

/** @throws {ConfigError} */
function connect() {
  const config = parseConfig(WebhookConfig, process.env);
  const aws = awsEnvironment(process.env);
  const secrets = webhookSecrets(
    secretsManager(aws, { early: early.take, withinMs: READ_SECRET_WITHIN_MS }),
    config.WEBHOOK_SECRET_ID,
  );
  // The first delivery meets the failure, and reads them again.
  secrets.accept(() => true).catch(() => {});
  preconnect(aws.endpoint('SQS') ?? config.LEAK_QUEUE_URL);
  return {
    config,
    secrets,
    refused: refusalCounter(),
    queue: sqsQueue(aws, config.LEAK_QUEUE_URL),
  };
}

async function receive(event: APIGatewayProxyEventV2, context: Context): Promise<Answer> {
  parts ??= connect();
  const { config, queue, refused, secrets } = parts;
  const now = Date.now();
  const fields = { request_id: context.awsRequestId };

  if (event.requestContext.http.method !== 'POST')
    return answer(405, { error: 'only POST' }, { allow: 'POST' });
  const body = rawBody(event, MAX_BODY_BYTES);
  if (body === undefined) return answer(413, { error: `the body has over ${MAX_BODY_BYTES} bytes` });

  const signature = event.headers['x-hub-signature-256'];
  if (!(await secrets.accept((secret) => isSigned(body, signature, secret)))) {
    refused(fields);
    return answer(401, { error: 'not signed with our secret' });
  }
  if (body.length === 0) return malformed(fields, 'the body is missing');
  const json = parseUtf8Json(body);
  if (json === undefined) {
    return malformed(fields, 'the body is not JSON; set the webhook to application/json');
  }

  const delivery = readDelivery(event.headers['x-github-event'], json.value, {
    secretTypes: config.GITHUB_SECRET_TYPES,
    dryRun: config.DRY_RUN,
    now,
  });
  switch (delivery.kind) {
    case 'ping':
      return answer(200, { message: 'pong' });
    case 'ignored':
      log('info', 'delivery ignored', { ...fields, reason: delivery.reason });
      return { statusCode: 204 };
    case 'malformed':
      return malformed(
        { ...fields, fields: delivery.fields },
        `wrong or missing in the body: ${delivery.fields.join(', ')}`,
      );
    case 'report':
      await queue.send(delivery.report, now + ANSWER_WITHIN_MS);
      log('info', 'delivery queued', { ...fields, report_id: delivery.report.report_id });
      return answer(202, { report_id: delivery.report.report_id });
    default:
      return delivery satisfies never;
  }
}

/** An error, since GitHub signed it and does not deliver it again. */
function malformed(fields: LogFields, error: string): Answer {
  log('error', 'delivery refused: malformed', fields);
  return answer(400, { error });
}

function answer(statusCode: number, body: object, headers: Record<string, string> = {}): Answer {
  return {
    statusCode,
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  };
}

function parseUtf8Json(body: Uint8Array): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body)) };
  } catch {
    // The parser's message quotes the body.
    return undefined;
  }
}

/** Turns errors into answers that reveal no internals; a bad configuration fails the function itself. */
const answerErrors = (): middy.MiddlewareObj<APIGatewayProxyEventV2, Answer, Error, Context> => ({
  onError(request) {
    log('error', 'delivery failed', {
      request_id: request.context.awsRequestId,
      ...errorFields(request.error),
    });
    if (request.error instanceof ConfigError) return;
    const isOutage = request.error instanceof QueueError || request.error instanceof SecretError;
    request.response = isOutage
      ? answer(503, { error: 'not queued; deliver it again' })
      : answer(500, { error: 'internal error' });
  },
});

/** All of handlers/webhook.ts except its first request. */
export const handler = middy<APIGatewayProxyEventV2, Answer>({ timeoutEarlyInMillis: 0 })
  .use(answerErrors())
  .handler(receive);
