// A container's first invocation: loads a handler, hands it the event, prints the answer, ends. CommonJS and plain
// JavaScript, as compiling it would count against every peer. Usage: node invoke.cjs <file> < event
const { readFileSync } = require('node:fs');

const { handler } = require(process.argv[2]);
const context = {
  awsRequestId: process.env.BENCH_REQUEST_ID,
  functionName: 'bench',
  functionVersion: '$LATEST',
  invokedFunctionArn: 'arn:aws:lambda:us-east-1:123456789012:function:bench',
  memoryLimitInMB: '256',
  getRemainingTimeInMillis: () => 60_000,
};

/** Kilobytes; the system's own figure also counts what the parent had before it became this process. */
function peakMemory() {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]);
  } catch {
    return process.resourceUsage().maxRSS;
  }
}

Promise.resolve(handler(JSON.parse(readFileSync(0, 'utf8')), context)).then((answer) => {
  const { system, user } = process.cpuUsage();
  const cost = { cpuMs: (system + user) / 1000, memoryKb: peakMemory() };
  process.stdout.write(`\n${JSON.stringify({ answer, ...cost })}\n`, () => process.exit(0));
});
