// A built function, named by the first argument, in a process of its own, whose memory is that of the function alone: this
// file is JavaScript, since the parser that strips types stays in a process.
const { readdirSync, readFileSync, readlinkSync } = require('node:fs');
const { handler } = require(`../dist/handlers/${process.argv[2]}.cjs`);

/** Bytes. By the kernel, where there is one that tells: `maxRSS` would count what the parent held when it forked. */
function peak() {
  try {
    const [, kib] = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
    return Number(kib) * 1024;
  } catch {
    return process.resourceUsage().maxRSS * 1024;
  }
}

/** Bytes that live: a process with `--expose-gc` collects the others first. */
function heap() {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

/** How many there are, idle ones included; 0 where the kernel does not tell. */
function sockets() {
  try {
    return readdirSync('/proc/self/fd').filter((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`).startsWith('socket:');
      } catch {
        return false;
      }
    }).length;
  } catch {
    return 0;
  }
}

process.on('message', async ({ event, requestId, timeoutMs }) => {
  const deadline = Date.now() + timeoutMs;
  const context = {
    awsRequestId: requestId,
    functionName: process.argv[2],
    invokedFunctionArn: `arn:aws:lambda:us-east-1:123456789012:function:${process.argv[2]}`,
    getRemainingTimeInMillis: () => Math.max(deadline - Date.now(), 0),
  };
  const answer = await handler(event, context).then(
    (result) => ({ result }),
    (error) => ({ error: error.name }),
  );
  process.send({
    ...answer,
    requestId,
    rss: process.memoryUsage().rss,
    maxRss: peak(),
    heap: heap(),
    sockets: sockets(),
    timers: process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length,
  });
});
