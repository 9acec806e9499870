import { log } from '../platform/log.ts';
import { count } from '../platform/metrics.ts';
import { tokenBucket } from './token-bucket.ts';

/** Reports that a delivery was refused; the fields are those of its log line. */
export type RefusalCounter = (fields: { readonly request_id: string }) => void;

/**
 * Counts deliveries that nobody signed with our secret, as the metric `WebhookRefused` and in the log: a wrong secret at
 * either end shows there. Anybody can send them, so a container prints a few lines at once and then one a second, with
 * the number of refusals since the one before.
 */
export function refusalCounter(): RefusalCounter {
  const lines = tokenBucket({ burst: 5, intervalMs: 1_000 });
  let refused = 0;
  return (fields) => {
    refused += 1;
    if (!lines.take()) return;
    log('warn', 'delivery refused: not signed with our secret', { ...fields, refused });
    count('WebhookRefused', {}, refused);
    refused = 0;
  };
}
