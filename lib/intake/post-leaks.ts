import { randomUUID } from 'node:crypto';
import * as z from 'zod/mini';
import { ReportId } from '../domain/report.ts';
import type { Token } from '../domain/token.ts';
import { HttpFailure, type HttpResponse } from '../platform/http.ts';
import { parseJson } from '../platform/parse-json.ts';
import { type RetryOptions, sendRetrying } from '../platform/retry.ts';
import { signStandard } from './standard-signature.ts';

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
  | { readonly accepted: true; readonly report_id: string }
  | { readonly accepted: false; readonly reason: string };

/** `items`: one for each leak, in their order; all are refused when the request as a whole is. */
export interface PostAnswer {
  readonly items: readonly ItemAnswer[];
  /** Epoch milliseconds: `reported_at` of the reports, as nothing was said of when they were detected. */
  readonly sentAt: number;
}

/** At most so many leaks fit in one request. */
export const MOST_LEAKS = 100;

const Answer = z.object({
  leaks: z.array(
    z.discriminatedUnion('accepted', [
      z.object({ accepted: z.literal(true), report_id: ReportId }),
      z.object({ accepted: z.literal(false), reason: z.string() }),
    ]),
  ),
});

/**
 * Reports leaks to the function URL of the webhook, signed by Standard Webhooks. An attempt that is repeated has the same
 * id, so that it is one report.
 *
 * @param key of `standardKey`
 * @param leaks 1 to 100
 */
export async function postLeaks(
  url: URL,
  key: Uint8Array,
  leaks: readonly LeakItem[],
  retry: RetryOptions,
): Promise<PostAnswer> {
  const body = JSON.stringify({
    leaks: leaks.map(({ token, ...rest }) => ({ token: token.reveal(), ...rest })),
  });
  const id = `msg_${randomUUID()}`;
  const seconds = Math.floor(Date.now() / 1_000);
  const timestamp = String(seconds);
  const headers = {
    'content-type': 'application/json',
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': signStandard({ id, timestamp, body: Buffer.from(body) }, key),
  };
  const sentAt = seconds * 1_000;
  try {
    const { response } = await sendRetrying({ method: 'POST', url, headers, body }, retry);
    return { sentAt, items: readAnswer(response, leaks.length) };
  } catch (error) {
    if (error instanceof HttpFailure)
      return { sentAt, items: allRefused(leaks.length, `no answer (${error.code})`) };
    throw error;
  }
}

function readAnswer({ body, status }: HttpResponse, sent: number): readonly ItemAnswer[] {
  if (status === 401) return allRefused(sent, 'the secret is not the one of the endpoint (HTTP 401)');
  const answer = status === 202 || status === 422 ? parseJson(body, Answer) : undefined;
  return answer?.leaks.length === sent
    ? answer.leaks
    : allRefused(sent, `the endpoint answered HTTP ${status}`);
}

function allRefused(count: number, reason: string): ItemAnswer[] {
  return Array.from({ length: count }, () => ({ accepted: false, reason }));
}
