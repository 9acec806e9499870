import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Ran } from './function.ts';

const FUNCTION = fileURLToPath(new URL('./function.ts', import.meta.url));
/** As Node takes it from the memory of a function of 512 MB. */
const HEAP_MIB = 256;

/** Invokes a built function once. @param seconds after which the invocation ends */
export function invoke(name: string, env: NodeJS.ProcessEnv, seconds: number): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = fork(FUNCTION, [name, String(seconds)], {
      env,
      silent: true,
      execArgv: [`--max-old-space-size=${HEAP_MIB}`],
    });
    child.stdout?.resume();
    child.stderr?.pipe(process.stderr);
    child.once('message', (ran: Ran) => resolve(ran));
    child.once('exit', (code) => code !== 0 && reject(new Error(`${name} ended with ${code}`)));
  });
}
