import { randomInt } from 'node:crypto';

/** A fair coin that nobody outside can predict. */
export function tossCoin(): boolean {
  return randomInt(2) === 1;
}
