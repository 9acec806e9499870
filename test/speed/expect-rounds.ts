import { setTimeout as sleep } from 'node:timers/promises';
import type { LogEntry } from '../../sandbox/http-server.ts';
import type { Sandbox } from '../../sandbox/index.ts';

/** `METHOD operation`, for Secrets Manager with the last part of the secret's id and its stage. */
function nameOf({ method, operation, secretId, versionStage }: LogEntry): string {
  const secret = secretId === undefined ? '' : ` ${secretId.split('/').at(-1)} ${versionStage}`;
  return `${method} ${operation}${secret}`;
}

/**
 * Lets the upstreams answer only as the rounds say: no request of a round is answered before all of it have arrived,
 * so what should go out together but waits for something else never gets its answer, however fast or slow the machine
 * is. Nothing may arrive before its round.
 *
 * @returns the rounds as they were, with what was wrong in words
 */
export function expectRounds(sandbox: Sandbox, rounds: readonly (readonly string[])[]): () => string[][] {
  const seen: string[][] = [[]];
  let round = 0;
  let missing = [...(rounds[0] ?? [])];
  let release = (): void => {};
  let complete = new Promise<void>((resolve) => {
    release = resolve;
  });

  async function arrive(entry: LogEntry): Promise<void> {
    const name = nameOf(entry);
    const index = missing.indexOf(name);
    seen.at(-1)?.push(index < 0 ? `${name}, which round ${round + 1} does not have` : name);
    if (index < 0) return;
    missing.splice(index, 1);
    const own = complete;
    if (missing.length > 0) {
      const given = await Promise.race([own, sleep(4_000, `waited for ${missing}`, { ref: false })]);
      if (typeof given === 'string') seen.at(-1)?.push(given);
      return;
    }
    round += 1;
    missing = [...(rounds[round] ?? [])];
    if (round < rounds.length) seen.push([]);
    const done = release;
    complete = new Promise((resolve) => {
      release = resolve;
    });
    done();
  }

  for (const server of [sandbox.devin, sandbox.github, sandbox.secrets, sandbox.s3, sandbox.sqs])
    server.onRequest = arrive;
  return () => seen.map((names) => names.toSorted());
}
