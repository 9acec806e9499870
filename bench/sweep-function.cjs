// The built function in a process of its own, whose memory is that of the function alone: this file is JavaScript, since
// the parser that strips types stays in a process.
const { readFileSync } = require('node:fs');
const { handler } = require('../dist/handlers/sweep-keys.cjs');

/** Bytes. By the kernel, where there is one that tells: `maxRSS` would count what the parent held when it forked. */
function peak() {
  try {
    const [, kib] = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
    return Number(kib) * 1024;
  } catch {
    return process.resourceUsage().maxRSS * 1024;
  }
}

process.on('message', async ({ event, requestId, timeoutMs }) => {
  const deadline = Date.now() + timeoutMs;
  const context = {
    awsRequestId: requestId,
    functionName: 'sweep-keys',
    invokedFunctionArn: 'arn:aws:lambda:us-east-1:123456789012:function:sweep-keys',
    getRemainingTimeInMillis: () => Math.max(deadline - Date.now(), 0),
  };
  const answer = await handler(event, context).then(
    (result) => ({ result }),
    (error) => ({ error: error.name }),
  );
  process.send({
    ...answer,
    rss: process.memoryUsage().rss,
    maxRss: peak(),
  });
});
