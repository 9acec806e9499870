import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { chart } from './chart.ts';
import { measureCold } from './cold.ts';
import { startBench } from './measure.ts';
import { buildPeers, bundleSizes, findPython } from './peers.ts';
import { type Results, table } from './results.ts';
import { measureWarm } from './warm.ts';

// npm run bench -- [--quick] [--json] [--chart file.svg] [--rounds 21] [--latency 30]

const { values } = parseArgs({
  options: {
    /** fewer rounds, for a look in well under 90 s */
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    chart: { type: 'string' },
    rounds: { type: 'string' },
    /** milliseconds after which every upstream answers */
    latency: { type: 'string', default: '30' },
  },
});
const rounds = Number(values.rounds ?? (values.quick ? 7 : 21));
const latencyMs = Number(values.latency);
const showProgress = (text: string): void => {
  if (process.stderr.isTTY) process.stderr.write(`\r${text.padEnd(40)}`);
};

showProgress('building');
const built = await buildPeers();
const python = findPython();
const pythonCommand = python.status === 'found' ? { python: python.command } : {};
const bench = await startBench(latencyMs);
try {
  const results: Results = {
    node: process.version,
    cpus: availableParallelism(),
    latencyMs,
    rounds,
    ...(python.status === 'missing' && { skipped: `Python with boto3: ${python.reason}` }),
    cold: await measureCold(bench, { built, rounds, showProgress, ...pythonCommand }),
    warm: await measureWarm(bench, { built, pairs: rounds * 4, showProgress }),
    bundleBytes: bundleSizes(built),
  };
  showProgress('');
  process.stdout.write(values.json ? `${JSON.stringify(results, undefined, 2)}\n` : table(results));
  if (values.chart !== undefined) writeFileSync(values.chart, chart(results));
} finally {
  bench.stop();
}
