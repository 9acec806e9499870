// Runs one built function in a process of its own: `node bench/audit/function.ts <name> <seconds>`. What it answered, how
// long it took and the most memory that it held go to the parent.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { Context } from 'aws-lambda';

export interface Ran {
  readonly answer: unknown;
  /** Milliseconds. */
  readonly ms: number;
  /** MiB, the most that the process held resident. */
  readonly peakMib: number;
}

const [name = '', seconds = '900'] = process.argv.slice(2);
const file = fileURLToPath(new URL(`../../dist/handlers/${name}.cjs`, import.meta.url));
const { handler }: { handler: (event: unknown, context: Partial<Context>) => Promise<unknown> } =
  createRequire(import.meta.url)(file);
const end = Date.now() + Number(seconds) * 1_000;
const begun = performance.now();
const answer = await handler(
  {},
  {
    awsRequestId: 'bench',
    invokedFunctionArn: `arn:aws:lambda:us-east-1:123456789012:function:${name}`,
    getRemainingTimeInMillis: () => Math.max(0, end - Date.now()),
  },
);
const ran: Ran = { answer, ms: performance.now() - begun, peakMib: peakMib() };
process.send?.(ran, () => process.exit());

/** By the kernel. `maxRSS` would count what the parent held when it forked. */
function peakMib(): number {
  const kib = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  return Number(kib) / 1_024;
}
