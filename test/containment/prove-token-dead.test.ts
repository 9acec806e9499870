import { expect, test } from 'vitest';
import { type ProofOptions, proveTokenDead } from '../../lib/containment/prove-dead.ts';
import { Token } from '../../lib/domain/token.ts';

// A timer may fire up to a millisecond early. It must never make the last probe too early for the row to be long enough.
test('a revocation that shows within the window is proven, whenever the timers fire', async () => {
  const alive = { state: 'alive', principal: { principal_type: 'service_user' } } as const;
  const options = (): ProofOptions => ({ control: true, deadline: Date.now() + 20_000, windowMs: 1_000 });

  async function prove(): Promise<string> {
    const began = Date.now();
    const devin = {
      probe: async () => (Date.now() - began < 300 ? alive : ({ state: 'dead' } as const)),
      probeAdmin: async () => alive,
    } as unknown as Parameters<typeof proveTokenDead>[0];
    return (await proveTokenDead(devin, new Token('token'), options())).status;
  }
  const runs = Array.from({ length: 400 }, async (_, index) => {
    await new Promise((resolve) => setTimeout(resolve, index * 7));
    return prove();
  });

  expect((await Promise.all(runs)).filter((status) => status !== 'dead')).toEqual([]);
});
