import { createHmac, randomUUID } from 'node:crypto';
import * as z from 'zod/mini';
import type { Token } from '../domain/token.ts';
import { HttpFailure, type HttpResponse } from '../platform/http.ts';
import { parseJson } from '../platform/parse-json.ts';
import { type RetryOptions, sendRetrying } from '../platform/retry.ts';

/** A leak as `POST /leaks` takes it. */
export interface LeakItem {
  readonly token: Token;
  readonly source?: string;
  /** Where the leak can be seen. */
  readonly url?: string;
  readonly note?: string;
}

/** What became of an item. */
export type ItemAnswer =
  | { readonly status: 'accepted'; readonly report_id: string }
  | { readonly status: 'refused'; readonly reason: string };

/** `items`: one for each leak, in their order. */
export type PostAnswer =
  | { readonly ok: true; readonly items: readonly ItemAnswer[] }
  | { readonly ok: false; readonly reason: string };

/** At most so many leaks fit in one request. */
export const MOST_LEAKS = 100;

const Answer = z.object({
  leaks: z.array(
    z.discriminatedUnion('status', [
      z.object({ status: z.literal('accepted'), report_id: z.string() }),
      z.object({ status: z.literal('refused'), reason: z.string() }),
    ]),
  ),
});

/**
 * Reports leaks to the function URL of the webhook, signed by Standard Webhooks. An attempt that is repeated has the same
 * id, so that it is one report.
 *
 * @param secret `whsec_` and base64
 * @param leaks 1 to 100
 */
export async function postLeaks(
  url: URL,
  secret: string,
  leaks: readonly LeakItem[],
  retry: RetryOptions,
): Promise<PostAnswer> {
  const body = JSON.stringify({
    leaks: leaks.map(({ token, ...rest }) => ({ token: token.reveal(), ...rest })),
  });
  const id = `msg_${randomUUID()}`;
  const timestamp = Math.floor(Date.now() / 1_000);
  const headers = {
    'content-type': 'application/json',
    'webhook-id': id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': standardSignature(secret, { id, timestamp, body }),
  };
  try {
    const { response } = await sendRetrying({ method: 'POST', url, headers, body }, retry);
    return readAnswer(response, leaks.length);
  } catch (error) {
    if (error instanceof HttpFailure) return { ok: false, reason: `no answer (${error.code})` };
    throw error;
  }
}

function readAnswer(response: HttpResponse, sent: number): PostAnswer {
  const { status } = response;
  if (status === 401) return { ok: false, reason: 'the secret is not the one of the endpoint (HTTP 401)' };
  const answer = status === 202 || status === 422 ? parseJson(response.body, Answer) : undefined;
  return answer?.leaks.length === sent
    ? { ok: true, items: answer.leaks }
    : { ok: false, reason: `the endpoint answered HTTP ${status}` };
}

/** https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md */
export function standardSignature(
  secret: string,
  { body, id, timestamp }: { readonly id: string; readonly timestamp: number; readonly body: string },
): string {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`;
}
