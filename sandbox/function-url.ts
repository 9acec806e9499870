import { randomBytes, randomUUID } from 'node:crypto';
import type { LambdaFunctionURLEvent } from 'aws-lambda';
import * as z from 'zod/mini';
import { type SandboxAnswer, type SandboxRequest, type SandboxServer, startServer } from './http-server.ts';

export type FunctionUrlOptions = {
  /** the caller's address in the event, default 127.0.0.1 */
  sourceIp?: string;
};

/** The largest body that a function URL takes. */
const MAX_BODY_BYTES = 6 * 1024 * 1024;

/**
 * Serves a function on loopback as its function URL does: HTTP in, payload format 2.0 to the function, and back.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html
 */
export function startFunctionUrl(
  invoke: (event: LambdaFunctionURLEvent) => Promise<unknown>,
  options: FunctionUrlOptions = {},
): Promise<SandboxServer> {
  return startServer({
    handle: async (request) => {
      if (request.body.length > MAX_BODY_BYTES) return plain(413, 'Request Entity Too Large');
      try {
        return toAnswer(await invoke(toEvent(request, options)));
      } catch {
        return plain(502, 'Internal Server Error');
      }
    },
  });
}

export function toEvent(
  request: SandboxRequest,
  { sourceIp = '127.0.0.1' }: FunctionUrlOptions = {},
): LambdaFunctionURLEvent {
  const { path, query, body } = request;
  const { cookie, ...rest } = request.headers;
  const domainName = rest.host ?? 'localhost';
  const headers = Object.fromEntries(Object.entries(rest).map(([name, value]) => [name, String(value)]));
  const now = new Date();
  const isBase64Encoded = body.length > 0 && !isText(headers['content-type']);
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath: path,
    rawQueryString: request.rawQuery,
    ...(cookie !== undefined && { cookies: cookie.split('; ') }),
    headers: {
      ...headers,
      'x-amzn-trace-id': `Root=1-${Math.floor(now.getTime() / 1000).toString(16)}-${randomBytes(12).toString('hex')}`,
      'x-forwarded-for': sourceIp,
      'x-forwarded-port': '443',
      'x-forwarded-proto': 'https',
    },
    ...(query.size > 0 && { queryStringParameters: Object.fromEntries(query) }),
    requestContext: {
      accountId: 'anonymous',
      apiId: domainName.split('.')[0] ?? domainName,
      domainName,
      domainPrefix: domainName.split('.')[0] ?? domainName,
      http: {
        method: request.method,
        path,
        protocol: 'HTTP/1.1',
        sourceIp,
        userAgent: headers['user-agent'] ?? '',
      },
      requestId: randomUUID(),
      routeKey: '$default',
      stage: '$default',
      time: clf(now),
      timeEpoch: now.getTime(),
    },
    ...(body.length > 0 && { body: body.toString(isBase64Encoded ? 'base64' : 'utf8') }),
    isBase64Encoded,
  };
}

/** Everything else arrives in base64, form data and a missing content type included. */
const isText = (type = ''): boolean =>
  /^(text\/|application\/(json|javascript|xml|[\w.-]+\+(json|xml))\s*(;|$))/i.test(type);

const StructuredResult = z.object({
  statusCode: z.number(),
  headers: z.optional(z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]))),
  body: z.optional(z.string()),
  isBase64Encoded: z.optional(z.boolean()),
});

/** A result without a status code is itself the body. */
function toAnswer(result: unknown): SandboxAnswer {
  const structured = StructuredResult.safeParse(result).data;
  if (structured === undefined) {
    return {
      status: 200,
      headers: { 'content-type': 'application/json' },
      body: typeof result === 'string' ? result : JSON.stringify(result),
    };
  }
  const { statusCode, headers, body, isBase64Encoded } = structured;
  const sent = Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), String(value)]);
  return {
    status: Number(statusCode),
    headers: { 'content-type': 'application/json', ...Object.fromEntries(sent) },
    body: isBase64Encoded ? Buffer.from(body ?? '', 'base64') : (body ?? ''),
  };
}

const plain = (status: number, body: string): SandboxAnswer => ({
  status,
  headers: { 'content-type': 'text/plain' },
  body,
});

/** "23/Nov/2026:08:42:22 +0000" */
function clf(date: Date): string {
  const [, day, month, year, time] = date.toUTCString().split(' ');
  return `${day}/${month}/${year}:${time} +0000`;
}
