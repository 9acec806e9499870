/** A name that people chose, on one line, at most 100 characters, without what could be a token. */
export function plainName(name: string): string {
  return name
    .replace(/cog_\S*/g, '[redacted]')
    .replace(/[\p{Cc}"]/gu, ' ')
    .slice(0, 100);
}
