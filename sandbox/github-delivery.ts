import { createHmac, randomInt, randomUUID } from 'node:crypto';
import { request } from 'node:http';

export type Delivery = { headers: Record<string, string>; body: Buffer };
export type DeliveryAnswer = { status: number; body: string };

/** A body with the headers that GitHub sends, signed over its bytes; `headers` override them. */
export function signedDelivery(
  body: string | Buffer,
  secret: string,
  headers: Record<string, string> = {},
): Delivery {
  const bytes = Buffer.from(body);
  return {
    body: bytes,
    headers: {
      accept: '*/*',
      'content-type': 'application/json',
      'user-agent': 'GitHub-Hookshot/044aadd',
      'x-github-delivery': randomUUID(),
      'x-github-event': 'secret_scanning_alert',
      'x-github-hook-id': String(randomInt(100_000_000, 999_999_999)),
      'x-github-hook-installation-target-id': '9919',
      'x-github-hook-installation-target-type': 'organization',
      'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(bytes).digest('hex')}`,
      ...headers,
    },
  };
}

export function send(url: string, { headers, body }: Delivery): Promise<DeliveryAnswer> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { method: 'POST', headers, agent: false }, async (response) => {
      try {
        const chunks: Buffer[] = [];
        for await (const chunk of response) chunks.push(chunk);
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() });
      } catch (error) {
        reject(error);
      }
    });
    outgoing.once('error', reject);
    outgoing.end(body);
  });
}
