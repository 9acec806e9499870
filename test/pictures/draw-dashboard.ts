// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the variables of the template
import { createRequire } from 'node:module';
import { ON, RUNS, SAMPLE, WAITS } from './dashboard-sample.ts';
import { GREY, INK, line, rect, svg, text } from './svg.ts';

/** A console shows 24 columns; these are the pixels of one, and of a row. */
const COLUMN = 50;
const ROW = 38;
const COLORS = [
  '#0073bb',
  '#ff9900',
  '#1d8102',
  '#d13212',
  '#8c4fff',
  '#00a1c9',
  '#879596',
  '#7d2105',
  '#545b64',
];

type Metric = readonly [
  ...string[],
  { readonly label: string; readonly stat: string; readonly color?: string },
];
interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}
export type Widget = Box &
  (
    | { readonly type: 'text'; readonly properties: { readonly markdown: string } }
    | {
        readonly type: 'alarm';
        readonly properties: {
          readonly title: string;
          readonly alarms: readonly string[];
          readonly states: readonly string[];
        };
      }
    | {
        readonly type: 'metric';
        readonly properties: {
          readonly title: string;
          readonly view: 'singleValue' | 'timeSeries';
          readonly stacked?: boolean;
          readonly metrics: readonly Metric[];
          readonly annotations?: {
            readonly horizontal: readonly { readonly label: string; readonly value: number }[];
          };
        };
      }
  );

type BodyPart =
  | { 'Fn::Sub': string }
  | { 'Fn::If': [condition: string, then: { 'Fn::Sub': string }, otherwise: ''] };

/** The text of the dashboard, where all conditions of the template hold or none does. */
export function dashboardText(body: { 'Fn::Join': ['', BodyPart[]] }, holds: boolean): string {
  return body['Fn::Join'][1]
    .map((part) => {
      if ('Fn::Sub' in part) return part['Fn::Sub'];
      return holds ? part['Fn::If'][1]['Fn::Sub'] : part['Fn::If'][2];
    })
    .join('');
}

/** The widgets as the template defines them, with a stage's values. */
export function dashboardWidgets(): readonly Widget[] {
  const { Resources } = createRequire(import.meta.url)('../../deploy/resources/dashboard.cjs');
  const filled = dashboardText(Resources.Dashboard.Properties.DashboardBody, true)
    .replace('${param:alarmQueueAgeSeconds}', '300')
    .replace('${self:service}', 'devin-key-revoker')
    .replace('${sls:stage}', 'prod');
  return JSON.parse(filled).widgets;
}

/** The dashboard with sample data, as SVG. */
export function drawDashboard(widgets: readonly Widget[] = dashboardWidgets()): string {
  const height = Math.max(...widgets.map(({ height: own, y }) => y + own)) * ROW;
  const parts = widgets.map((widget) => {
    const box = pixels(widget);
    return [
      rect(box.x + 3, box.y + 3, box.width - 6, box.height - 6, '#ffffff', '#d5dbdb'),
      ...draw(widget, box),
    ];
  });
  return svg(24 * COLUMN, height, 'The dashboard with sample data', [
    rect(0, 0, 24 * COLUMN, height, '#f2f3f3'),
    ...parts.flat(),
  ]);
}

function draw(widget: Widget, box: Box): string[] {
  switch (widget.type) {
    case 'text':
      return drawText(widget.properties.markdown, box);
    case 'alarm':
      return [titleOf(widget.properties.title, box), ...drawAlarms(widget.properties.alarms, box)];
    case 'metric': {
      const { properties } = widget;
      const title = titleOf(properties.title, box);
      if (properties.view === 'singleValue') return [title, ...drawNumbers(properties, box)];
      return [title, ...drawGraph(properties, box)];
    }
    default:
      return widget satisfies never;
  }
}

function drawText(markdown: string, { x, y }: Box): string[] {
  return markdown.split('\n').map((one, index) => {
    const plain = one.replace(/^# /, '').replace(/\[([^\]]+)\]\([^)]*\)/g, '$1');
    return text(x + 14, y + 30 + index * 24, plain, index === 0 ? { size: 20, bold: true } : { size: 13 });
  });
}

function drawAlarms(alarms: readonly string[], { width, x, y }: Box): string[] {
  const on = ON.filter((id) => alarms.some((arn) => arn.includes(`{${id}.`)));
  if (on.length < ON.length) throw new Error('the widget does not show an alarm of the sample');
  return on.flatMap((id, index) => [
    rect(x + 14, y + 36 + index * 34, width - 28, 28, '#fdf3f1', '#d13212'),
    text(x + 24, y + 55 + index * 34, `In alarm  ${id}`, { bold: true, fill: '#d13212' }),
    text(x + width - 24, y + 55 + index * 34, '3 hours ago', { fill: GREY, end: true }),
  ]);
}

type Lines = Pick<
  Extract<Widget, { type: 'metric' }>['properties'],
  'annotations' | 'metrics' | 'stacked' | 'title'
>;

function drawNumbers({ metrics, title }: Lines, { height, width, x, y }: Box): string[] {
  const columns = width / metrics.length < 95 ? Math.ceil(metrics.length / 2) : metrics.length;
  const rows = Math.ceil(metrics.length / columns);
  return metrics.flatMap((metric, index) => {
    const { label, stat } = optionsOf(metric);
    const value = total(valuesOf(label, title), stat);
    const left = x + 14 + ((index % columns) * (width - 20)) / columns;
    const top = y + 34 + (Math.floor(index / columns) * (height - 40)) / rows;
    const fill = value > 0 ? (optionsOf(metric).color ?? INK) : INK;
    return [
      text(left, top + 28, String(Math.round(value * 10) / 10), { size: 26, fill }),
      text(left, top + 48, label, { size: 11, fill: GREY }),
    ];
  });
}

function drawGraph({ annotations, metrics, stacked, title }: Lines, { height, width, x, y }: Box): string[] {
  const lines = metrics.map((metric, index) => ({
    label: optionsOf(metric).label,
    color: optionsOf(metric).color ?? COLORS[index % COLORS.length] ?? INK,
    values: valuesOf(optionsOf(metric).label, title),
  }));
  const limits = annotations?.horizontal ?? [];
  const tops = stacked
    ? Array.from({ length: 24 }, (_, hour) => lines.reduce((sum, { values }) => sum + (values[hour] ?? 0), 0))
    : lines.flatMap(({ values }) => values.filter((value) => !Number.isNaN(value)));
  const top = Math.max(1, ...tops, ...limits.map(({ value }) => value)) * 1.1;
  const perRow = width < 500 ? 4 : 6;
  const legend = Math.ceil(lines.length / perRow) * 15;
  const plot = { left: x + 44, right: x + width - 16, top: y + 36, bottom: y + height - 28 - legend };
  const xOf = (hour: number): number => plot.left + (hour / 24) * (plot.right - plot.left);
  const yOf = (value: number): number => plot.bottom - (value / top) * (plot.bottom - plot.top);
  const grid = [0, 0.5, 1].flatMap((share) => [
    line(
      [
        [plot.left, yOf((top / 1.1) * share)],
        [plot.right, yOf((top / 1.1) * share)],
      ],
      '#eaeded',
    ),
    text(plot.left - 6, yOf((top / 1.1) * share) + 4, short((top / 1.1) * share), {
      size: 10,
      fill: GREY,
      end: true,
    }),
  ]);
  const below = Array.from({ length: 24 }, () => 0);
  const drawn = lines.flatMap(({ color, values }) =>
    stacked
      ? values.flatMap((value, hour) => {
          const base = below[hour] ?? 0;
          below[hour] = base + value;
          return value > 0
            ? [rect(xOf(hour), yOf(base + value), xOf(1) - xOf(0) - 3, yOf(base) - yOf(base + value), color)]
            : [];
        })
      : drawLine(values, color, xOf, yOf),
  );
  return [
    ...grid,
    ...limits.flatMap(({ label, value }) => [
      line(
        [
          [plot.left, yOf(value)],
          [plot.right, yOf(value)],
        ],
        '#d13212',
      ),
      text(plot.right, yOf(value) - 4, label, { size: 10, fill: '#d13212', end: true }),
    ]),
    ...drawn,
    text(plot.left, plot.bottom + 13, '24 hours ago', { size: 10, fill: GREY }),
    text(plot.right, plot.bottom + 13, 'now', { size: 10, fill: GREY, end: true }),
    ...lines.flatMap(({ color, label }, index) => {
      const left = x + 14 + ((index % perRow) * (width - 20)) / perRow;
      const row = y + height - legend - 2 + Math.floor(index / perRow) * 15;
      return [rect(left, row - 8, 9, 9, color), text(left + 13, row, label, { size: 10 })];
    }),
  ];
}

/** A value between two gaps is a dot. */
function drawLine(
  values: readonly number[],
  color: string,
  xOf: (hour: number) => number,
  yOf: (value: number) => number,
): string[] {
  if (!values.some(Number.isNaN))
    return [
      line(
        values.map((value, hour) => [xOf(hour), yOf(value)]),
        color,
      ),
    ];
  return values.flatMap((value, hour) =>
    Number.isNaN(value) ? [] : [rect(xOf(hour) - 3, yOf(value) - 3, 6, 6, color)],
  );
}

function titleOf(title: string, { x, y }: Box): string {
  return text(x + 14, y + 24, title, { size: 13, bold: true });
}

function valuesOf(label: string, title: string): readonly number[] {
  const own = title.includes('runs of')
    ? RUNS[label]
    : title.includes('oldest message')
      ? WAITS[label]
      : undefined;
  const values = own ?? SAMPLE[label];
  if (values === undefined) throw new Error(`the sample has no values for ${label}`);
  return values;
}

function total(values: readonly number[], stat: string): number {
  const known = values.filter((value) => !Number.isNaN(value));
  if (stat === 'Sum' || stat === 'SampleCount') return known.reduce((sum, value) => sum + value, 0);
  const sorted = known.toSorted((a, b) => a - b);
  return (stat === 'p50' ? sorted[Math.floor((sorted.length - 1) / 2)] : sorted.at(-1)) ?? 0;
}

function optionsOf(metric: Metric) {
  return metric.at(-1) as Extract<Metric[number], object>;
}

function short(value: number): string {
  return value === 0 ? '0' : value < 10 ? String(Math.round(value * 10) / 10) : String(Math.round(value));
}

function pixels({ height, width, x, y }: Box): Box {
  return { x: x * COLUMN, y: y * ROW, width: width * COLUMN, height: height * ROW };
}
