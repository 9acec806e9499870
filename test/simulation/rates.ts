// Prints how often the leaked key is found and how long that takes, as a table in Markdown.
import { play, type Traffic } from './worlds.ts';

const WORLDS = 100;
/** Seconds that the search has in the deployed function. */
const BUDGET_SECONDS = 50;

const siblings: [string, Traffic][] = [
  ['idle', { kind: 'idle' }],
  ['one use a minute', { kind: 'random', perSecond: 1 / 60 }],
  ['one use in 3 s', { kind: 'random', perSecond: 1 / 3 }],
  ['all the time', { kind: 'random', perSecond: 10 }],
];
const leaked: [string, Traffic][] = [
  ['idle', { kind: 'idle' }],
  ['in use every 2 s', { kind: 'random', perSecond: 1 / 2 }],
];
const lags = [0, 2, 30];

async function measure(keys: number, sibling: Traffic, owner: Traffic, lag: number): Promise<string> {
  const seconds: number[] = [];
  for (let seed = 1; seed <= WORLDS; seed++) {
    const played = await play({
      seed,
      leaked: owner,
      siblings: Array.from({ length: keys - 1 }, () => sibling),
      lag,
      skew: 0,
      latency: 100,
      budget: BUDGET_SECONDS,
    });
    if (played.found !== undefined && played.found !== 'leaked') throw new Error(`a wrong key: seed ${seed}`);
    if (played.found === 'leaked') seconds.push(played.seconds);
  }
  seconds.sort((a, b) => a - b);
  const median = seconds[Math.floor(seconds.length / 2)];
  const share = `${Math.round((100 * seconds.length) / WORLDS)} %`;
  return median === undefined ? share : `${share}, ${median.toFixed(0)} s`;
}

const rows: string[] = [];
for (const lag of lags) {
  for (const [ownerName, owner] of leaked) {
    if (lag === 30 && ownerName !== 'idle') continue;
    for (const [name, sibling] of lag === 30 ? siblings.slice(0, 2) : siblings) {
      const cells = await Promise.all([2, 5, 20].map((keys) => measure(keys, sibling, owner, lag)));
      rows.push(`| ${[`${lag} s`, ownerName, name, ...cells].join(' | ')} |`);
    }
  }
}
process.stdout.write(
  `${[
    '| `last_used_at` lags | the leaked key, by others | each other key | 2 keys | 5 keys | 20 keys |',
    '|---|---|---|---|---|---|',
    ...rows,
  ].join('\n')}\n`,
);
