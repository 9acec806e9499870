// The built function in a process of its own, whose memory is that of the function alone: this file is JavaScript, since
// the parser that strips types stays in a process.
const { handler } = require('../dist/handlers/sweep-keys.cjs');

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
    maxRss: process.resourceUsage().maxRSS * 1024,
  });
});
