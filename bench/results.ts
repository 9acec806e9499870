import type { ScenarioName } from './scenarios.ts';

export interface Measured {
  readonly name: string;
  readonly label: string;
  /** Milliseconds of each round. */
  readonly ms: readonly number[];
  readonly median: number;
  /** Median of the processor time. */
  readonly cpuMs: number;
  /** Median of the highest resident memory. */
  readonly memoryKb: number;
  /** Ours to this one: the median of the ratios of each round. */
  readonly ratio: number;
}

export interface Warm {
  readonly own: number;
  readonly bare: number;
  /** The median of the differences of each pair. */
  readonly overhead: number;
}

export interface Results {
  readonly node: string;
  readonly cpus: number;
  readonly latencyMs: number;
  readonly rounds: number;
  readonly skipped?: string;
  /** Ours is the first peer of each scenario. */
  readonly cold: readonly { readonly scenario: ScenarioName; readonly peers: readonly Measured[] }[];
  readonly warm: Warm;
  readonly bundleBytes: Readonly<Record<string, number>>;
}

const TITLES: Readonly<Record<ScenarioName, string>> = {
  keys: 'A report by key ids with a token, cold: process start to stored outcome',
  alert: 'A GitHub alert from the queue, cold: process start to stored outcome',
  webhook: "GitHub's webhook, cold: process start to 202",
};

/** The results for a terminal. */
export function table(results: Results): string {
  const { bundleBytes, cold, cpus, latencyMs, node, rounds, skipped, warm } = results;
  const lines = [
    `Node ${node}, ${cpus} CPUs, every upstream answers after ${latencyMs} ms, medians of ${rounds}, paired in one run`,
  ];
  for (const { peers, scenario } of cold) {
    lines.push('', TITLES[scenario], row('', 'ms', 'ours to it', 'CPU ms', 'peak MB'));
    for (const { cpuMs, label, median, memoryKb, ratio } of peers)
      lines.push(
        row(label, median.toFixed(1), ratio.toFixed(2), cpuMs.toFixed(0), (memoryKb / 1024).toFixed(0)),
      );
  }
  if (skipped !== undefined) lines.push('', `skipped: ${skipped}`);
  lines.push(
    '',
    'The same report by key ids in a warm container',
    row('this worker', warm.own.toFixed(1)),
    row('bare node:https rounds', warm.bare.toFixed(1)),
    row('overhead, paired', warm.overhead.toFixed(1)),
    '',
    'Bundles, KiB',
    ...Object.entries(bundleBytes).map(([name, bytes]) => row(name, (bytes / 1024).toFixed(0))),
  );
  return `${lines.join('\n')}\n`;
}

function row(label: string, ...cells: string[]): string {
  return `  ${label.padEnd(42)}${cells.map((cell) => cell.padStart(12)).join('')}`;
}
