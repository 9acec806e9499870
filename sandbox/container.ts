import { type ChildProcess, fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';

/** What an invocation answered, and what its process holds afterwards; bytes. */
export type Answer = {
  result?: unknown;
  error?: string;
  rss: number;
  maxRss: number;
  /** What lives, when the process may collect the rest. */
  heap: number;
  /** Its connections, idle ones included. */
  sockets: number;
  timers: number;
};

/** A warm container: one built function in a process of its own, one invocation at a time. */
export function startContainer(
  name: string,
  env: Record<string, string>,
  timeoutMs: number,
  execArgv: string[] = [],
) {
  const child = fork(fileURLToPath(new URL('./container.cjs', import.meta.url)), [name], {
    env,
    execArgv,
    silent: true,
  });
  child.stdout?.resume();
  child.stderr?.pipe(process.stderr);
  const answers: Answer[] = [];
  let last: Promise<unknown> = Promise.resolve();
  const invoke = async (event: unknown): Promise<unknown> => {
    child.send({ event, requestId: randomUUID(), timeoutMs });
    const answer = await nextAnswer(child);
    answers.push(answer);
    if (answer.error !== undefined) throw new Error(`${name}: ${answer.error}`);
    return answer.result;
  };
  return {
    answers,
    invoke: (event: unknown): Promise<unknown> => {
      const result = last.then(() => invoke(event));
      last = result.catch(() => {});
      return result;
    },
    stop: () => child.kill(),
  };
}

function nextAnswer(child: ChildProcess): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null) => reject(new Error(`the function ended with ${code}`));
    child.once('exit', ended);
    child.once('message', (answer: Answer) => {
      child.off('exit', ended);
      resolve(answer);
    });
  });
}
