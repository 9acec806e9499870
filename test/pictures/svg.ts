export const INK = '#16191f';
export const GREY = '#687078';

export function escapeXml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

interface TextStyle {
  readonly size?: number;
  readonly fill?: string;
  readonly bold?: boolean;
  readonly mono?: boolean;
  readonly end?: boolean;
}

export function text(x: number, y: number, content: string, style: TextStyle = {}): string {
  const { bold = false, end = false, fill = INK, mono = false, size = 12 } = style;
  const family = mono ? 'ui-monospace, Menlo, Consolas, monospace' : 'Helvetica, Arial, sans-serif';
  const more = `${bold ? ' font-weight="bold"' : ''}${end ? ' text-anchor="end"' : ''}`;
  return `<text x="${round(x)}" y="${round(y)}" font-family="${family}" font-size="${size}" fill="${fill}"${more} xml:space="preserve">${escapeXml(content)}</text>`;
}

export function rect(
  x: number,
  y: number,
  width: number,
  height: number,
  fill: string,
  stroke = 'none',
): string {
  return `<rect x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${round(height)}" fill="${fill}" stroke="${stroke}"/>`;
}

export function line(points: readonly (readonly [x: number, y: number])[], stroke: string): string {
  const path = points.map(([x, y]) => `${round(x)},${round(y)}`).join(' ');
  return `<polyline points="${path}" fill="none" stroke="${stroke}" stroke-width="1.5"/>`;
}

export function svg(width: number, height: number, title: string, parts: readonly string[]): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">`,
    `<title>${escapeXml(title)}</title>`,
    ...parts,
    '</svg>',
    '',
  ].join('\n');
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
