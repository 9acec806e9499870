import { createHmac, timingSafeEqual } from 'node:crypto';

/**
 * Signs as GitHub does: `sha256=` and the hex HMAC-SHA256 of the raw body.
 * https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
 *
 * @throws {TypeError} for an empty secret, with which anybody could sign
 */
export function sign(body: Uint8Array, secret: string): string {
  if (secret.trim() === '') throw new TypeError('the webhook secret is empty');
  return `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
}

/**
 * Whether the secret signed exactly these bytes, in constant time. A missing, malformed or wrong signature is `false`.
 *
 * @throws {TypeError} for an empty secret
 */
export function isSigned(body: Uint8Array, signature: string | undefined, secret: string): boolean {
  const expected = Buffer.from(sign(body, secret));
  const given = Buffer.from(signature ?? '');
  return given.length === expected.length && timingSafeEqual(given, expected);
}
