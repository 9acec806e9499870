import type { Results } from './results.ts';

const WIDTH = 720;
const LEFT = 230;
const BAR = 22;
const STEP = 32;

/** The cold report by key ids as horizontal bars, readable on light and on dark pages. */
export function chart({ cold, latencyMs, rounds }: Results): string {
  const peers = [...(cold.find(({ scenario }) => scenario === 'keys')?.peers ?? [])].sort(
    (one, other) => one.median - other.median,
  );
  const most = Math.max(...peers.map(({ median }) => median));
  const bars = peers.map(({ label, median, name }, index) => {
    const y = 48 + index * STEP;
    const length = Math.round((median / most) * (WIDTH - LEFT - 90));
    const text = y + BAR / 2 + 5;
    return [
      `<text class="t" x="${LEFT - 10}" y="${text}" text-anchor="end">${label}</text>`,
      `<rect class="${name === 'worker' ? 'ours' : 'bar'}" x="${LEFT}" y="${y}" width="${length}" height="${BAR}" rx="3"/>`,
      `<text class="t" x="${LEFT + length + 8}" y="${text}">${Math.round(median)} ms</text>`,
    ].join('\n');
  });
  const height = 48 + peers.length * STEP + 10;
  const title = `From process start to a dead key on record, cold (upstreams at ${latencyMs} ms, medians of ${rounds})`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${title}">
<style>
.t { font: 14px system-ui, sans-serif; fill: #24292f; }
.bar { fill: #8c959f; }
.ours { fill: #1a7f37; }
@media (prefers-color-scheme: dark) { .t { fill: #e6edf3; } .bar { fill: #6e7681; } .ours { fill: #3fb950; } }
</style>
<text class="t" x="10" y="26" font-weight="600">${title}</text>
${bars.join('\n')}
</svg>
`;
}
