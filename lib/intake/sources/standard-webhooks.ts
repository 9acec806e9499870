import * as z from 'zod/mini';
import { answer, malformed, parseUtf8Json } from '../answer.ts';
import { readLeakItem } from '../leak-item.ts';
import { queueLeaks } from '../queue-leaks.ts';
import type { Source } from '../source.ts';
import { isSignedStandard, isTimely, standardKey } from '../standard-signature.ts';

const MAX_LEAKS = 100;

const Body = z.object({ leaks: z.array(z.unknown()) });

/** Any detector that signs by Standard Webhooks: https://www.standardwebhooks.com */
export const standardWebhooks: Source = {
  isAuthentic({ body, headers, now }, secret) {
    const { id, signature, timestamp } = headersOf(headers);
    const key = standardKey(secret);
    if (key === undefined || id === '' || !isTimely(timestamp, now)) return false;
    return isSignedStandard({ id, timestamp, body }, signature, key);
  },

  async receive({ body, headers, now }, parts) {
    const { config, fields } = parts;
    const json = parseUtf8Json(body);
    if (json === undefined) return malformed(fields, 'the body is not JSON');
    const parsed = z.safeParse(Body, json.value);
    if (!parsed.success) return malformed(fields, 'the body must be {"leaks": [...]}');
    const { leaks } = parsed.data;
    if (leaks.length === 0) return malformed(fields, 'leaks is empty');
    if (leaks.length > MAX_LEAKS)
      return malformed(fields, `leaks has ${leaks.length} items, ${MAX_LEAKS} at most`);

    const { id, timestamp } = headersOf(headers);
    const delivery = {
      detector: 'webhook',
      id,
      sentAt: Number(timestamp) * 1_000,
      dryRun: config.DRY_RUN,
      now,
    } as const;
    const ended = await queueLeaks(
      leaks.map((leak) => readLeakItem(leak, delivery)),
      parts,
    );
    return answer(ended.some(({ accepted }) => accepted) ? 202 : 422, { leaks: ended });
  },
};

function headersOf(headers: Readonly<Record<string, string | undefined>>) {
  return {
    id: headers['webhook-id'] ?? '',
    timestamp: headers['webhook-timestamp'] ?? '',
    signature: headers['webhook-signature'] ?? '',
  };
}
