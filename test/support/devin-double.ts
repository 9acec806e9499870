import { expect } from 'vitest';
import type { Devin } from '../../lib/clients/devin.ts';

/** A Devin API of which nothing may be asked but what is given, and nothing without a deadline. */
export function devinDouble(given: Partial<Devin> = {}): Devin {
  const refuse = (name: keyof Devin) => () => expect.fail(`${name} is not to be called`);
  const { listKeys, probe, probeAdmin, revokeKey } = given;
  const timely = <Asked extends unknown[], Answer>(
    name: keyof Devin,
    at: number,
    call: ((...asked: Asked) => Answer) | undefined,
  ) =>
    call === undefined
      ? refuse(name)
      : (...asked: Asked): Answer => {
          expect(asked[at], name).toMatchObject({ deadline: expect.any(Number) });
          expect(asked[at], name).not.toMatchObject({ deadline: Number.NaN });
          return call(...asked);
        };
  return {
    probe: timely('probe', 1, probe),
    probeAdmin: timely('probeAdmin', 0, probeAdmin),
    listKeys: timely('listKeys', 1, listKeys),
    revokeKey: timely('revokeKey', 1, revokeKey),
  };
}
