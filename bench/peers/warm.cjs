// Many reports in one warm process, each followed by its bare rounds. Usage: node warm.cjs <worker> <bare> < jobs
const { readFileSync } = require('node:fs');
const { randomUUID } = require('node:crypto');

const [worker, bare] = process.argv.slice(2, 4).map((file) => require(file).handler);
const context = () => ({
  awsRequestId: randomUUID(),
  invokedFunctionArn: 'arn:aws:lambda:us-east-1:123456789012:function:bench',
  getRemainingTimeInMillis: () => 60_000,
});

async function time(run) {
  const start = process.hrtime.bigint();
  await run();
  return Number(process.hrtime.bigint() - start) / 1e6;
}

/** @param jobs pairs of an event for the worker and of rounds for the bare peer */
async function main(jobs) {
  const pairs = [];
  for (const { event, rounds } of jobs) {
    const own = await time(() => worker(event, context()));
    pairs.push({ own, bare: await time(() => bare(rounds)) });
  }
  process.stdout.write(`\n${JSON.stringify(pairs)}\n`, () => process.exit(0));
}
main(JSON.parse(readFileSync(0, 'utf8')));
