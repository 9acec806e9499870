import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { chart } from './chart.ts';
import { type Bench, startBench } from './measure.ts';
import { type Built, buildPeers, bundleSizes, findPython, peersOf } from './peers.ts';
import { type Measured, type Results, table, type Warm } from './results.ts';
import { SCENARIOS, type ScenarioName } from './scenarios.ts';
import { median, pairedRatio } from './statistics.ts';

const { values } = parseArgs({
  options: {
    /** fewer rounds, for a look in under 90 s */
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    /** writes the chart to this file */
    chart: { type: 'string' },
    rounds: { type: 'string' },
    latency: { type: 'string', default: '30' },
    scenario: { type: 'string' },
  },
});
const rounds = Number(values.rounds ?? (values.quick ? 7 : 21));
const latencyMs = Number(values.latency);

const built = await buildPeers();
const found = findPython();
const bench = await startBench(latencyMs);
try {
  const scenarios = SCENARIOS.filter((name) => values.scenario === undefined || values.scenario === name);
  const results: Results = {
    node: process.version,
    latencyMs,
    rounds,
    ...('missing' in found && { skipped: `Python with boto3: ${found.missing}` }),
    cold: await cold(bench, scenarios),
    warm: await warm(bench, built),
    bundleBytes: bundleSizes(built),
  };
  process.stdout.write(values.json ? `${JSON.stringify(results, undefined, 2)}\n` : table(results));
  if (values.chart !== undefined) writeFileSync(values.chart, chart(results));
} finally {
  bench.stop();
}

/** Every peer once a round, in an order that moves on, so that no peer always follows the same one. */
async function cold({ sample }: Bench, scenarios: readonly ScenarioName[]): Promise<Results['cold']> {
  const python = 'python' in found ? found.python : undefined;
  const measured = scenarios.map((scenario) => ({
    scenario,
    peers: peersOf(scenario, built, python).map((peer) => ({
      peer,
      ms: [0].slice(1),
      memoryKb: [0].slice(1),
    })),
  }));
  for (let round = -1; round < rounds; round++) {
    if (!values.json)
      process.stderr.write(round < 0 ? 'warming the file cache' : `\rround ${round + 1} of ${rounds}     `);
    for (const { peers, scenario } of measured) {
      for (let turn = 0; turn < peers.length; turn++) {
        const entry = peers[(turn + round + 1) % peers.length];
        if (entry === undefined) continue;
        const { ms, memoryKb } = await sample(entry.peer, scenario);
        // The first round reads the files from the disk.
        if (round < 0) continue;
        entry.ms.push(ms);
        entry.memoryKb.push(memoryKb);
      }
    }
  }
  if (!values.json) process.stderr.write('\r');
  return measured.map(({ peers, scenario }) => ({
    scenario,
    peers: peers.map(
      ({ peer, ms, memoryKb }): Measured => ({
        name: peer.name,
        label: peer.label,
        ms,
        median: median(ms),
        memoryKb: median(memoryKb),
        ratio: pairedRatio(peers[0]?.ms ?? [], ms),
      }),
    ),
  }));
}

/** Reports in a warm process, each paired with its bare rounds. */
async function warm({ ask, run }: Bench, { bare, revoke, warm: runner }: Built): Promise<Warm> {
  const dropped = 5;
  const jobs = [];
  for (let index = 0; index < dropped + rounds * 2; index++) {
    const own = await ask({ ask: 'begin', scenario: 'keys' });
    const other = await ask({ ask: 'begin', scenario: 'keys' });
    const warmRounds = other.rounds.map((round) => round.filter(({ cold }) => cold !== true));
    jobs.push({ event: own.event, rounds: warmRounds });
  }
  const { output } = await run([process.execPath, runner, revoke, bare], jobs);
  await ask({ ask: 'end' });
  const pairs: { own: number; bare: number }[] = JSON.parse(output.trim().split('\n').at(-1) ?? '[]');
  const kept = pairs.slice(dropped);
  return {
    own: median(kept.map(({ own }) => own)),
    bare: median(kept.map((pair) => pair.bare)),
    overhead: median(kept.map((pair) => pair.own - pair.bare)),
  };
}
