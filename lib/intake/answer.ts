import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { type LogFields, log } from '../platform/log.ts';

/** What the function URL answers. */
export type Answer = APIGatewayProxyStructuredResultV2;

export function answer(statusCode: number, body: object, headers: Record<string, string> = {}): Answer {
  return {
    statusCode,
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  };
}

/** An error, since it is signed and a sender may not send it again. */
export function malformed(fields: LogFields, error: string): Answer {
  log('error', 'delivery refused: malformed', fields);
  return answer(400, { error });
}

/** @returns `undefined` when the bytes are not JSON in UTF-8 */
export function parseUtf8Json(body: Uint8Array): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body)) };
  } catch {
    // The parser's message quotes the body.
    return undefined;
  }
}
