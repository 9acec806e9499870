import middy from '@middy/core';
import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import { awsEnvironment } from '../../lib/aws/environment.ts';
import { secretsManager } from '../../lib/aws/secrets.ts';
import { sqsSender } from '../../lib/aws/sqs.ts';
import { early } from '../../lib/cold-start/webhook.ts';
import { type Answer, answer } from '../../lib/intake/answer.ts';
import { WebhookConfig } from '../../lib/intake/config.ts';
import { rawBody } from '../../lib/intake/raw-body.ts';
import { refusalCounter } from '../../lib/intake/refusal-counter.ts';
import type { IntakeParts } from '../../lib/intake/source.ts';
import { findWay } from '../../lib/intake/sources/paths.ts';
import { ROUTES, type Route } from '../../lib/intake/sources/routes.ts';
import { webhookSecrets } from '../../lib/intake/webhook-secrets.ts';
import { parseConfig } from '../../lib/platform/config.ts';
import { errorFields, log } from '../../lib/platform/log.ts';
import { preconnect } from '../../lib/platform/preconnect.ts';

/** Above GitHub's largest alert by far; Lambda itself takes 6 MB. */
const MAX_BODY_BYTES = 1024 * 1024;
/** GitHub gives up after 10 s. */
const ANSWER_WITHIN_MS = 8_000;
/** Two may be read one after the other, the first of them while this file waits to be loaded. */
const READ_SECRET_WITHIN_MS = 3_500;

/** By name, as what is loaded beside the bundle has classes of its own. */
const OUTAGES = /^(?:DataKey|Queue|Secret)Error$/;

type Parts = ReturnType<typeof connect>;

let parts: Parts | undefined;
try {
  // The way to the queue is opened before a delivery needs it.
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
  preconnect(aws.endpoint('SQS') ?? config.LEAK_QUEUE_URL);
  return {
    config,
    aws,
    secrets,
    refused: refusalCounter(),
    send: sqsSender(aws, config.LEAK_QUEUE_URL),
  };
}

async function receive(event: APIGatewayProxyEventV2, context: Context): Promise<Answer> {
  parts ??= connect();
  const { http } = event.requestContext;
  const way = findWay(http);
  switch (way.kind) {
    case 'no_such_path':
      return answer(404, { error: 'no such path' });
    case 'other_method':
      return answer(405, { error: `only ${way.allow}` }, { allow: way.allow });
    case 'source':
      return receiveFrom(ROUTES[way.path], event, parts, { request_id: context.awsRequestId });
    default:
      return way satisfies never;
  }
}

async function receiveFrom(
  { load, secret }: Route,
  event: APIGatewayProxyEventV2,
  parts: Parts,
  fields: IntakeParts['fields'],
): Promise<Answer> {
  const { refused, secrets } = parts;
  const now = Date.now();
  const body = rawBody(event, MAX_BODY_BYTES);
  if (body === undefined) return answer(413, { error: `the body has over ${MAX_BODY_BYTES} bytes` });

  const source = await load();
  const request = { method: event.requestContext.http.method, headers: event.headers, body, now };
  if (!(await secrets.accept((known) => source.isAuthentic(request, known), secret))) {
    refused(fields);
    return answer(401, { error: 'not signed with our secret' });
  }
  return source.receive(request, { ...parts, deadline: now + ANSWER_WITHIN_MS, fields });
}

/** Turns errors into answers that reveal no internals; a bad configuration fails the function itself. */
const answerErrors = (): middy.MiddlewareObj<APIGatewayProxyEventV2, Answer, Error, Context> => ({
  onError(request) {
    log('error', 'delivery failed', {
      request_id: request.context.awsRequestId,
      ...errorFields(request.error),
    });
    const name = request.error?.name ?? '';
    if (name === 'ConfigError') return;
    request.response = OUTAGES.test(name)
      ? answer(503, { error: 'not queued; deliver it again' })
      : answer(500, { error: 'internal error' });
  },
});

/** All of handlers/webhook.ts except its first request. */
export const handler = middy<APIGatewayProxyEventV2, Answer>({ timeoutEarlyInMillis: 0 })
  .use(answerErrors())
  .handler(receive);
