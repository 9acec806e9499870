import { InvalidArgumentError } from 'commander';
import { UsageError } from './usage-error.ts';

/** Whether a text is meant as a day, such as 2026-02-30. */
export function isDayShaped(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}$/.test(text);
}

/** Whether a text is a day of the calendar, such as 2026-07-30. */
export function isDay(text: string): boolean {
  if (!isDayShaped(text)) return false;
  const date = new Date(`${text}T00:00:00.000Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().slice(0, 10) === text;
}

/** Reads an option's day, in UTC. @throws {InvalidArgumentError} */
export function dayOption(text: string): string {
  if (isDay(text)) return text;
  throw new InvalidArgumentError(
    isDayShaped(text) ? 'There is no such day.' : 'It must be a day in UTC such as 2026-07-30.',
  );
}

/** @throws {UsageError} when the days are not in their order */
export function checkOrder({ from, to }: { readonly from?: string; readonly to?: string }): void {
  if (from !== undefined && to !== undefined && from > to)
    throw new UsageError(`--from ${from} is after --to ${to}`);
}
