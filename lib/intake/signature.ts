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
 * Whether one of the secrets signed exactly these bytes. A missing, malformed or wrong signature is `false`; every
 * secret is tried whatever the others say, in constant time.
 *
 * @throws {TypeError} for an empty secret
 */
export function isSigned(
  body: Uint8Array,
  signature: string | undefined,
  secrets: readonly string[],
): boolean {
  const given = Buffer.from(signature ?? '');
  let signed = false;
  for (const secret of secrets) {
    const expected = Buffer.from(sign(body, secret));
    if (given.length === expected.length && timingSafeEqual(given, expected)) signed = true;
  }
  return signed;
}
