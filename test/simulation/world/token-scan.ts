/** Finds secrets in texts: raw, base64, hexadecimal, URL-encoded, or a part of 8 characters. */
export class TokenScan {
  readonly #parts = new Set<string>();
  readonly #encoded: string[] = [];

  guard(secret: string): void {
    const bare = secret.replace(/^cog_/, '');
    for (let start = 0; start + 8 <= bare.length; start++) this.#parts.add(bare.slice(start, start + 8));
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
    if (this.#encoded.some((encoded) => text.includes(encoded))) return true;
    for (const [run] of text.matchAll(/[A-Za-z0-9]{8,}/g)) {
      for (let start = 0; start + 8 <= run.length; start++) {
        if (this.#parts.has(run.slice(start, start + 8))) return true;
      }
    }
    return false;
  }
}
