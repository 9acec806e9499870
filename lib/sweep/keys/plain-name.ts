/** A name as people chose it: in one line, cut short, without what could be a token. */
export function plainName(name: string): string {
  return name
    .replace(/cog_\S*/g, '[redacted]')
    .replace(/[\p{Cc}"]/gu, ' ')
    .slice(0, 100);
}
