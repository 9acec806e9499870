import type { Listing, World } from '../../lib/identify/experiment/world.ts';
import { generator } from '../simulation/generator.ts';
import { type Recording, SimulatedKey, type Traffic } from '../simulation/simulated-key.ts';

const CALL_MS = 60;

/**
 * A service user's keys on a simulated clock that several parties wait for: it goes on to the next moment when nothing is
 * left to do. `own` is the key of the token.
 */
export function simulatedDevin(
  seed: number,
  {
    recording = {},
    siblings = 3,
    traffic,
  }: { recording?: Recording; siblings?: number; traffic?: Traffic } = {},
) {
  const random = generator(seed);
  const begin = 1_785_400_000_000;
  let clock = begin;
  let isDead = false;
  let waiting: { at: number; wake: () => void }[] = [];
  const busy: Traffic = traffic ?? { kind: 'random', perSecond: 1 / 3 };
  const keys = new Map(
    Array.from({ length: siblings }, (_, index) => [
      `sibling-${index + 1}`,
      new SimulatedKey(busy, recording, begin, random),
    ]),
  );
  const own = new SimulatedKey({ kind: 'idle' }, recording, begin, random);
  keys.set('own', own);
  const uses: number[] = [];

  const until = (ms: number) =>
    new Promise<void>((resolve) => {
      waiting.push({ at: ms, wake: resolve });
    });
  let isStopped = false;
  const pump = (): void => {
    if (isStopped) return;
    const next = waiting.reduce<(typeof waiting)[number] | undefined>(
      (first, one) => (first === undefined || one.at < first.at ? one : first),
      undefined,
    );
    if (next !== undefined) {
      waiting = waiting.filter((one) => one !== next);
      clock = Math.max(clock, next.at);
      next.wake();
    }
    setImmediate(pump);
  };
  setImmediate(pump);

  async function answered<T>(effect: () => T): Promise<T> {
    await until(clock + CALL_MS / 2);
    const answer = effect();
    await until(clock + CALL_MS / 2);
    return answer;
  }
  const world: World = {
    use: () => {
      uses.push(clock);
      return answered(() => {
        if (isDead) return 'rejected';
        own.use(clock);
        return 'accepted';
      });
    },
    list: () =>
      answered((): Listing => {
        const lastUsed = new Map([...keys].map(([id, key]) => [id, key.read(clock)]));
        return { ok: true, lastUsed, apiSecond: Math.floor(clock / 1_000) };
      }),
    now: () => clock,
    async sleepUntil(ms, signal) {
      if (ms <= clock || signal?.aborted) return;
      await new Promise<void>((resolve) => {
        const entry = { at: ms, wake: resolve };
        waiting.push(entry);
        signal?.addEventListener('abort', () => {
          waiting = waiting.filter((one) => one !== entry);
          resolve();
        });
      });
    },
    toss: () => random() < 0.5,
  };
  return {
    world,
    candidates: [...keys.keys()],
    uses,
    /** milliseconds since the beginning */
    elapsed: () => clock - begin,
    kill: () => {
      isDead = true;
    },
    stop: () => {
      isStopped = true;
    },
  };
}
