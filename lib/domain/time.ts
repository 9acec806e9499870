/** ISO 8601 in UTC; a time that a date can not hold is told as the epoch's end. */
export function iso(epochMs: number): string {
  return new Date(Math.min(Math.max(epochMs, -8.64e15), 8.64e15)).toISOString();
}
