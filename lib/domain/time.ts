/** ISO 8601 in UTC; a time that a date cannot hold becomes the first or the last that it can. */
export function iso(epochMs: number): string {
  return new Date(Math.min(Math.max(epochMs, -8.64e15), 8.64e15)).toISOString();
}
