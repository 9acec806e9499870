// Prints how often the leaked key is found and how long that takes, and how often a wrong key is named, as tables in
// Markdown: `npm run rates`. The same seeds give the same tables.
import { HOSTILE_KINDS } from './hostile-worlds.ts';
import type { SimulatedWorld } from './play-experiment.ts';
import { playMany } from './play-many.ts';
import type { Traffic } from './simulated-key.ts';

const WORLDS = 200;
const random = (perSecond: number): Traffic => ({ kind: 'random', perSecond });
const idle: Traffic = { kind: 'idle' };
const siblings: [string, Traffic][] = [
  ['idle', idle],
  ['one use a minute', random(1 / 60)],
  ['one in 3 s', random(1 / 3)],
  ['5 a second', random(5)],
  ['200 a second', random(200)],
  ['on the second, every 5 s', { kind: 'periodic', everySeconds: 5 }],
];
const leaked: [string, Traffic][] = [
  ['idle', idle],
  ['one use a minute', random(1 / 60)],
  ['one in 5 s', random(1 / 5)],
  ['one in 2 s', random(1 / 2)],
  ['one a second', random(1)],
  ['two a second', random(2)],
];
const friendly: [string, Partial<SimulatedWorld>][] = [
  ['nothing', {}],
  ['20 keys', { siblings: Array.from({ length: 19 }, () => random(5)) }],
  ['uses show after 0.4 s', { recording: { lag: 0.4 } }],
  ['uses show after 2 s', { recording: { lag: 2 } }],
  ['uses show after 10 s', { recording: { lag: 10 } }],
  ['uses show after 30 s', { recording: { lag: 30 } }],
  ['each use shows after 0 to 3 s', { recording: { lagSpread: 3 } }],
  ['each use shows after 0 to 10 s', { recording: { lagSpread: 10 } }],
  ['each use shows after 0 to 20 s', { recording: { lagSpread: 20 } }],
  ['half of all uses is stored', { recording: { stored: 0.5 } }],
  ['a tenth of all uses is stored', { recording: { stored: 0.1 } }],
  ['one use in 5 s is stored', { recording: { throttle: 5 } }],
  ['one use in 60 s is stored', { recording: { throttle: 60 } }],
  ['`GET /v3/self` is not counted', { isUncounted: true }],
  ['values are rounded to a minute', { recording: { granularity: 60 } }],
  ['the clock of the values is 0.5 s ahead of `Date`', { dateSkew: -0.5 }],
  ['the clock of the values is 3 s ahead of `Date`', { dateSkew: -3 }],
  ['no `Date` header', { dateSkew: null }],
  ['our admin key is a candidate', { isAdminAmong: true }],
  ['calls take 200 ms', { latency: 200 }],
  ['calls take 600 ms', { latency: 600 }],
  ['calls take 1.2 s', { latency: 1_200 }],
  ['2 % of all calls take 600 ms, the others 60 ms', { slowShare: 0.02 }],
  ['2 % of all calls fail', { failing: 0.02 }],
  ['the API takes 2 calls a second', { limit: { burst: 10, perSecond: 2 } }],
  ['the API takes 1 call a second', { limit: { burst: 20, perSecond: 1 } }],
];

async function row(world: Partial<SimulatedWorld>): Promise<{ cell: string; wrong: number }> {
  const draw = (seed: number): SimulatedWorld => ({
    seed: seed * 7_919,
    leaked: idle,
    siblings: Array.from({ length: 4 }, () => random(1)),
    ...world,
  });
  const { found, seconds, wrong } = await playMany(draw, { worlds: WORLDS });
  const share = `${Math.round((100 * found) / WORLDS)} %`;
  const at = (part: number): string => (seconds[Math.floor(seconds.length * part)] ?? 0).toFixed(0);
  return { cell: found === 0 ? share : `${share}, ${at(0.5)} s, ${at(0.95)} s`, wrong: wrong.length };
}

function print(...lines: string[]): void {
  process.stdout.write(`${lines.join('\n')}\n`);
}

async function printTraffic(): Promise<void> {
  print(
    `Found, median, 95th percentile; five keys, no lag, calls of 60 ms, 100 s, bound 1e-6, ${WORLDS} worlds a cell:`,
    '',
    `| leaked key, by others | ${siblings.map(([name]) => `siblings: ${name}`).join(' | ')} |`,
    `|---|${siblings.map(() => '---|').join('')}`,
  );
  for (const [name, traffic] of leaked) {
    const cells: string[] = [];
    for (const [, sibling] of siblings) {
      const { cell, wrong } = await row({
        leaked: traffic,
        siblings: [sibling, sibling, sibling, sibling],
      });
      cells.push(wrong === 0 ? cell : `${cell}, ${wrong} wrong`);
    }
    print(`| ${name} | ${cells.join(' | ')} |`);
  }
}

async function printOddities(): Promise<void> {
  print(
    '',
    `An idle leaked key beside four siblings that are used once a second, ${WORLDS} worlds a row:`,
    '',
    '| what is odd | found, median, 95th percentile | wrong |',
    '|---|---|---|',
  );
  for (const [name, world] of friendly) {
    const { cell, wrong } = await row(world);
    print(`| ${name} | ${cell} | ${wrong} |`);
  }
}

async function printHostile(): Promise<void> {
  print(
    '',
    'Hostile worlds: random traffic on all keys, and in half of them our uses are recorded nowhere. 2,000 worlds a cell:',
    '',
    '| what is hostile | bound 0.05: found | wrong | bound 1e-6: found | wrong |',
    '|---|---|---|---|---|',
  );
  const share = (count: number): string => `${((100 * count) / 2_000).toFixed(2)} %`;
  for (const { draw, name } of HOSTILE_KINDS) {
    const loose = await playMany(draw, { worlds: 2_000, alpha: 0.05 });
    const strict = await playMany(draw, { worlds: 2_000 });
    const cells = [share(loose.found), share(loose.wrong.length), share(strict.found), strict.wrong.length];
    print(`| ${name} | ${cells.join(' | ')} |`);
  }
}

/** How much it takes to break the assumption: looks that come later when the token was used. */
async function printBroken(): Promise<void> {
  print(
    '',
    'The assumption, broken: our uses are recorded nowhere, four siblings are used on a timetable of one or two seconds, and a look that follows a use is read later than others. 400 worlds a cell:',
    '',
    '| later by | bound 0.05: wrong | bound 1e-6: wrong |',
    '|---|---|---|',
  );
  const clockwork = (everySeconds: number): Traffic => ({ kind: 'periodic', everySeconds });
  const draw = (seed: number): SimulatedWorld => ({
    seed,
    leaked: idle,
    siblings: [clockwork(1), clockwork(1), clockwork(2), clockwork(1)],
    isUncounted: true,
  });
  for (const lookShiftAfterHeads of [0, 30, 60, 100, 200]) {
    const loose = await playMany(draw, { worlds: 400, alpha: 0.05, lookShiftAfterHeads });
    const strict = await playMany(draw, { worlds: 400, lookShiftAfterHeads });
    const share = (wrong: number[]): string => `${((100 * wrong.length) / 400).toFixed(1)} %`;
    print(`| ${lookShiftAfterHeads} ms | ${share(loose.wrong)} | ${share(strict.wrong)} |`);
  }
  const { found, wrong } = await playMany(
    (seed) => ({ seed, leaked: idle, siblings: [idle, idle, idle, idle], coupled: 1 }),
    { worlds: WORLDS },
  );
  print(
    '',
    `And where each use of the token makes others use one sibling at that very moment: found ${found}, wrong ${wrong.length} of ${WORLDS}.`,
  );
}

await printTraffic();
await printOddities();
await printHostile();
await printBroken();
