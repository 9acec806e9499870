/** Upper ends of the bars, milliseconds, and their labels. Time to revoke spans orders of magnitude. */
const BINS: readonly (readonly [end: number, name: string])[] = [
  [1_000, '1 s'],
  [2_000, '2 s'],
  [5_000, '5 s'],
  [10_000, '10 s'],
  [30_000, '30 s'],
  [60_000, '1 min'],
  [300_000, '5 min'],
  [3_600_000, '1 h'],
  [86_400_000, '1 d'],
  [Number.POSITIVE_INFINITY, 'more'],
];

const WIDTH = 720;
const HEIGHT = 260;
const LEFT = 44;
const BOTTOM = 44;
const TOP = 22;

/** A bar chart as inline SVG, coloured by the page's CSS. @param times milliseconds */
export function histogram(times: readonly number[]): string {
  const counts = BINS.map(
    ([end], index) => times.filter((ms) => ms < end && ms >= (BINS[index - 1]?.[0] ?? 0)).length,
  );
  const most = Math.max(1, ...counts);
  const step = (WIDTH - LEFT) / BINS.length;
  const y = (count: number): number => HEIGHT - BOTTOM - (count / most) * (HEIGHT - BOTTOM - TOP);
  const bars = counts.map((count, index) => {
    const x = LEFT + index * step;
    const middle = (x + step / 2).toFixed(1);
    const name = BINS[index]?.[1] ?? '';
    const label = index === BINS.length - 1 ? `${BINS[index - 1]?.[1]} +` : `< ${name}`;
    const bar =
      count === 0
        ? ''
        : `<rect x="${(x + 6).toFixed(1)}" y="${y(count).toFixed(1)}" width="${(step - 12).toFixed(1)}" height="${(HEIGHT - BOTTOM - y(count)).toFixed(1)}" rx="3"><title>${escapeHtml(label)}: ${count}</title></rect><text class="value" x="${middle}" y="${(y(count) - 6).toFixed(1)}">${count}</text>`;
    return `${bar}<text x="${middle}" y="${HEIGHT - BOTTOM + 18}">${escapeHtml(label)}</text>`;
  });
  const grid = gridLines(most).map(
    (count) =>
      `<line x1="${LEFT}" x2="${WIDTH}" y1="${y(count).toFixed(1)}" y2="${y(count).toFixed(1)}"/><text class="axis" x="${LEFT - 8}" y="${(y(count) + 4).toFixed(1)}">${count}</text>`,
  );
  const summary = counts.map((count, index) => `${count} below ${BINS[index]?.[1]}`).join(', ');
  return `<svg class="chart" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="Keys by time to revoke: ${summary}">
<g class="grid">${grid.join('')}</g>
<g class="bars">${bars.join('\n')}</g>
<text class="title" x="${LEFT + (WIDTH - LEFT) / 2}" y="${HEIGHT - 4}">time from the leak to the proof</text>
</svg>`;
}

/** At most four lines, at whole numbers. */
function gridLines(most: number): number[] {
  const step = Math.max(1, Math.ceil(most / 4));
  return Array.from({ length: Math.floor(most / step) + 1 }, (_, index) => index * step);
}

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (character) => ENTITIES[character] ?? character);
}
