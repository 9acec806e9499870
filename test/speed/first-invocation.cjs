// Runs a bundle's first invocation and prints its answer, which parts of Node that loaded, and what of the bundle ran
// before the first request was on the wire. Usage: node first-invocation.cjs <bundle> < event
const { readFileSync } = require('node:fs');
const http = require('node:http');

// zod makes it when it is loaded.
const isZodLoaded = () => '__zod_globalConfig' in globalThis;
let zodBeforeFirstRequest;
const { request } = http;
http.request = (...args) =>
  request(...args).once('finish', () => {
    zodBeforeFirstRequest ??= isZodLoaded();
  });

const { handler } = require(process.argv[2]);
const context = {
  awsRequestId: '8f6b9a52-1f0e-4a75-9d4d-3f1c8e0a7b11',
  invokedFunctionArn: 'arn:aws:lambda:us-east-1:123456789012:function:devin-key-revoker',
  getRemainingTimeInMillis: () => 60_000,
};
handler(JSON.parse(readFileSync(0, 'utf8')), context).then((answer) => {
  const seen = { answer, loaded: process.moduleLoadList, zodBeforeFirstRequest, zod: isZodLoaded() };
  process.stdout.write(`\n${JSON.stringify(seen)}\n`, () => process.exit(0));
});
