const DAY_MS = 86_400_000;

/** Epoch milliseconds at which a day begins. */
export function startOf(day: string): number {
  return Date.parse(`${day}T00:00:00.000Z`);
}

/** The day in UTC of a time, epoch milliseconds. */
export function dayOf(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}

export function nextDay(day: string): string {
  return dayOf(startOf(day) + DAY_MS);
}

/** Milliseconds after midnight by which every put of the day before has ended. */
export const SETTLING_MS = 15 * 60_000;

/** The last day that is over, and whose objects are all stored. */
export function lastCompleteDay(now: number): string {
  return dayOf(now - SETTLING_MS - DAY_MS);
}

/**
 * The days that still need a digest.
 *
 * @param last the day of the last digest
 * @param first the first day of which anything is stored
 */
export function daysToDigest(last: string | undefined, first: string | undefined, now: number): string[] {
  const end = lastCompleteDay(now);
  const days: string[] = [];
  for (let day = last === undefined ? first : nextDay(last); day && day <= end; day = nextDay(day)) {
    days.push(day);
  }
  return days;
}
