import { expect } from 'vitest';
import type { Devin } from '../../lib/clients/devin.ts';

/** A Devin API of which nothing may be asked but what is given. */
export function devinDouble(given: Partial<Devin> = {}): Devin {
  const refuse = (name: keyof Devin) => () => expect.fail(`${name} is not to be called`);
  return {
    probe: refuse('probe'),
    probeAdmin: refuse('probeAdmin'),
    listKeys: refuse('listKeys'),
    listServiceUsers: refuse('listServiceUsers'),
    revokeKey: refuse('revokeKey'),
    ...given,
  };
}
