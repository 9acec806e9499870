/** Characters of a secret that count as its disclosure. */
const PART = 8;

/** Finds secrets in texts: raw, base64, hexadecimal, URL-encoded, or a part of 8 characters. */
export class TokenScan {
  readonly #parts = new Set<string>();
  /** Whether a part has characters of this hash at its begin, so that few pieces of a text have to be looked up. */
  readonly #begins = new Uint8Array(65_536);
  readonly #encoded: string[] = [];

  guard(secret: string): void {
    const bare = secret.replace(/^cog_/, '');
    for (let start = 0; start + PART <= bare.length; start++) {
      this.#parts.add(bare.slice(start, start + PART));
      this.#begins[beginsAt(bare, start)] = 1;
    }
    this.#encoded.push(Buffer.from(secret).toString('hex').slice(8, 40));
    // By where the secret begins in what is encoded: the middle of each is the same in any text.
    for (const before of ['', 'x', 'xx']) {
      this.#encoded.push(
        Buffer.from(before + secret)
          .toString('base64')
          .slice(8, 32),
      );
    }
  }

  finds(text: string): boolean {
    for (let start = 0; start + PART <= text.length; start++) {
      if (this.#begins[beginsAt(text, start)] === 1 && this.#parts.has(text.slice(start, start + PART)))
        return true;
    }
    return this.#encoded.some((encoded) => text.includes(encoded));
  }
}

function beginsAt(text: string, start: number): number {
  const hash =
    (text.charCodeAt(start) << 12) ^
    (text.charCodeAt(start + 1) << 8) ^
    (text.charCodeAt(start + 2) << 4) ^
    text.charCodeAt(start + 3);
  return hash & 0xffff;
}
