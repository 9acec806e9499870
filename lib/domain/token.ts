import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { inspect } from 'node:util';

/**
 * A secret string that prints as `[redacted]` wherever it is converted by accident: string conversion, JSON,
 * `console.log`, `util.inspect`. `reveal()` is for the wire alone.
 */
export class Token {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  reveal(): string {
    return this.#value;
  }

  /** Whether both are the same secret, in time that does not depend on where they differ. */
  equals(other: Token): boolean {
    return timingSafeEqual(digest(this.#value), digest(other.#value));
  }

  /** The same for the same secret, and of no use to find it: an HMAC keyed by the secret itself, 64 hex digits. */
  fingerprint(): string {
    return createHmac('sha256', this.#value).update('devin-key-revoker token fingerprint').digest('hex');
  }

  toString(): string {
    return '[redacted]';
  }

  toJSON(): string {
    return '[redacted]';
  }

  [inspect.custom](): string {
    return '[redacted]';
  }
}

/**
 * Reads a Devin token from text. Service-user keys and personal access tokens share the prefix `cog_`
 * (docs.devin.ai, API authentication); what follows is not documented, so any visible ASCII is taken.
 *
 * @returns `undefined` when the text is not a Devin token
 */
export function devinToken(text: string): Token | undefined {
  const trimmed = text.trim();
  return /^cog_[\x21-\x7e]{1,1024}$/.test(trimmed) ? new Token(trimmed) : undefined;
}

// Comparing digests makes both sides the same length, which timingSafeEqual demands.
function digest(value: string): Buffer {
  return createHash('sha256').update(value).digest();
}
