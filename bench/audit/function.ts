// Runs one built function in a process of its own: `node bench/audit/function.ts <name> <seconds>`. What it answered and
// what it used go to the parent.
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { Context } from 'aws-lambda';
import { type Used, used } from './used.ts';

export interface Ran extends Used {
  readonly answer: unknown;
  /** Milliseconds. */
  readonly ms: number;
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
const ran: Ran = { answer, ms: performance.now() - begun, ...used() };
process.send?.(ran, () => process.exit());
