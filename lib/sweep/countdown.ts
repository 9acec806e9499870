/** After the year 5000; thirteen digits for any time until then. */
export const END_OF_TIME = 99_999_999_999_999;

/** A time counted backwards, so that later names come first in a listing. @param at epoch milliseconds */
export function countdown(at: number): string {
  return String(END_OF_TIME - at).padStart(14, '0');
}
