/** The exit codes of a command and what they mean, for its help. */
export type ExitCodes = Readonly<Record<number, string>>;

/** `Exit codes:` as the end of a help text. */
export function exitCodeHelp(codes: ExitCodes): string {
  const lines = Object.entries(codes).map(([code, meaning]) => `  ${code}  ${meaning}`);
  return `\nExit codes:\n${lines.join('\n')}`;
}
