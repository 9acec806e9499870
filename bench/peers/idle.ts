import { setTimeout as sleep } from 'node:timers/promises';

/** The floor: waits as long as the rounds take that nobody can do without, the pauses of the proof included. */
export const handler = () =>
  sleep(
    Number(process.env.BENCH_ROUNDS) * Number(process.env.BENCH_LATENCY_MS) +
      Number(process.env.BENCH_WAIT_MS),
  );
