// Runs a bundle's first invocation and prints which parts of Node that loaded, one a line.
// Usage: node first-invocation.cjs <bundle> < event
const { readFileSync } = require('node:fs');

const { handler } = require(process.argv[2]);
const context = {
  awsRequestId: '8f6b9a52-1f0e-4a75-9d4d-3f1c8e0a7b11',
  invokedFunctionArn: 'arn:aws:lambda:us-east-1:123456789012:function:devin-key-revoker',
  getRemainingTimeInMillis: () => 60_000,
};
handler(JSON.parse(readFileSync(0, 'utf8')), context).then((answer) => {
  const text = `\n${JSON.stringify({ answer, loaded: process.moduleLoadList })}\n`;
  process.stdout.write(text, () => process.exit(0));
});
