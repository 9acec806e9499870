// The built function in a process of its own, whose memory is that of the function alone.
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

type Invocation = { event: unknown; requestId: string; timeoutMs: number };

const bundle = fileURLToPath(new URL('../dist/handlers/sweep-keys.cjs', import.meta.url));
const { handler } = createRequire(import.meta.url)(bundle);

process.on('message', async ({ event, requestId, timeoutMs }: Invocation) => {
  const deadline = Date.now() + timeoutMs;
  const context = {
    awsRequestId: requestId,
    functionName: 'sweep-keys',
    invokedFunctionArn: 'arn:aws:lambda:us-east-1:123456789012:function:sweep-keys',
    getRemainingTimeInMillis: () => Math.max(deadline - Date.now(), 0),
  };
  const answer = await handler(event, context).then(
    (result: object) => ({ result }),
    (error: Error) => ({ error: error.name }),
  );
  process.send?.({
    ...answer,
    rss: process.memoryUsage().rss,
    maxRss: process.resourceUsage().maxRSS * 1024,
  });
});
