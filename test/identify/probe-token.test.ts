import { expect, test, vi } from 'vitest';
import type { Probe } from '../../lib/clients/devin-shapes.ts';
import { Token } from '../../lib/domain/token.ts';
import { probeToken } from '../../lib/identify/probe-token.ts';
import { devinDouble } from '../support/devin-double.ts';

const principal = { principal_type: 'service_user', service_user_id: 'service-user-a' };

test.each<[string, Probe, number | undefined]>([
  ['that works, by both clocks', { state: 'alive', principal, apiSecond: 7 }, 7],
  ['that is refused, by ours alone', { state: 'dead' }, undefined],
])('a use of the token is dated before and after it: one %s', async (_, probe, apiSecond) => {
  vi.useFakeTimers({ now: 1_000 });
  const token = new Token(['cog', 'not-a-real-one'].join('_'));
  const retry = { deadline: 60_000 };
  const devin = devinDouble({
    probe: async (...asked) => {
      expect(asked).toEqual([token, retry]);
      vi.setSystemTime(1_200);
      return probe;
    },
  });

  expect(await probeToken(devin, token, retry)).toEqual({
    probe,
    use: { sent: 1_000, answered: 1_200, apiSecond },
  });
  vi.useRealTimers();
});
