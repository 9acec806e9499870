/** ISO 8601 in UTC; a time that a date cannot hold becomes the first or the last that it can. */
export function iso(epochMs: number): string {
  return new Date(Math.min(Math.max(epochMs, -8.64e15), 8.64e15)).toISOString();
}

/** After the year 5000; fourteen digits for any time until then. */
export const END_OF_TIME = 99_999_999_999_999;

/** A time counted backwards, so that later names come first. @param at epoch milliseconds */
export function countdown(at: number): string {
  return String(END_OF_TIME - at).padStart(14, '0');
}
