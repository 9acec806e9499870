import { createHmac, randomUUID } from 'node:crypto';
import type { Delivery } from './github-delivery.ts';

export type StandardOptions = {
  id?: string;
  /** seconds */
  timestamp?: number;
  headers?: Record<string, string>;
};

/** A body with the headers of Standard Webhooks, signed over its bytes; `headers` override them. */
export function standardDelivery(
  body: string | Buffer,
  secret: string,
  options: StandardOptions = {},
): Delivery {
  const { id = `msg_${randomUUID()}`, timestamp = Math.floor(Date.now() / 1_000), headers } = options;
  const bytes = Buffer.from(body);
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(bytes).digest('base64');
  return {
    body: bytes,
    headers: {
      'content-type': 'application/json',
      'user-agent': 'detector/1.0',
      'webhook-id': id,
      'webhook-timestamp': String(timestamp),
      'webhook-signature': `v1,${signature}`,
      ...headers,
    },
  };
}
