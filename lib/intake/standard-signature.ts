import { createHmac, timingSafeEqual } from 'node:crypto';

// https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md

const PREFIX = 'whsec_';
/** The specification asks for 24 to 64 bytes. */
const MIN_KEY_BYTES = 24;
const TOLERANCE_SECONDS = 5 * 60;

/** What is signed of a message. */
export interface SignedMessage {
  readonly id: string;
  /** Seconds since 1970, as it was sent. */
  readonly timestamp: string;
  readonly body: Uint8Array;
}

/**
 * The key that a secret stands for: base64, with or without `whsec_` before it.
 *
 * @returns `undefined` for what is none, or is too short to keep anybody from signing
 */
export function standardKey(secret: string): Buffer | undefined {
  const text = secret.startsWith(PREFIX) ? secret.slice(PREFIX.length) : secret;
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text) || text.length % 4 !== 0) return undefined;
  const key = Buffer.from(text, 'base64');
  return key.length < MIN_KEY_BYTES ? undefined : key;
}

/** One signature, as it stands in the header: `v1,` and the base64 HMAC-SHA256 of `id.timestamp.body`. */
export function signStandard({ body, id, timestamp }: SignedMessage, key: Uint8Array): string {
  const hmac = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body);
  return `v1,${hmac.digest('base64')}`;
}

/**
 * Whether one of the signatures of the header, which are separated by spaces, is that of the message, in constant time.
 */
export function isSignedStandard(message: SignedMessage, signatures: string, key: Uint8Array): boolean {
  const expected = Buffer.from(signStandard(message, key));
  return signatures.split(' ').some((signature) => {
    const given = Buffer.from(signature);
    return given.length === expected.length && timingSafeEqual(given, expected);
  });
}

/** Whether a message was sent within five minutes of now, before or after. @param now epoch milliseconds */
export function isTimely(timestamp: string, now: number): boolean {
  if (!/^\d{1,12}$/.test(timestamp)) return false;
  return Math.abs(Math.floor(now / 1_000) - Number(timestamp)) <= TOLERANCE_SECONDS;
}
