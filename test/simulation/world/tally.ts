import { REQUEST_FAULTS } from './faults.ts';
import { INVARIANTS } from './invariants.ts';
import type { Played } from './play-world.ts';

/** Kinds of faults that befall more than a request. */
export const WORLD_FAULTS = [
  'crash',
  'clock jumps back',
  'sqs delivers twice',
  'sqs visibility ends early',
  'sqs acknowledgement lost',
  'webhook lost',
  'admin token rotated',
  'webhook secret rotated',
  'devin 401 to everybody',
  'devin revocation shows late',
  'devin nodes out of step',
  'sweep delivered twice',
  'sweep meets a change',
  'sweep stopped',
] as const;

/** How a report ends. */
export const ENDINGS = [
  'revoked',
  'already_revoked',
  'escalated',
  'not_found',
  'rehearsed',
  'ignored',
  'dead letter',
] as const;

/** What a run counted; of several threads, added up. */
export interface Tally {
  seeds: number;
  requests: number;
  /** Seconds of virtual time. */
  seconds: number;
  readonly failed: { readonly seed: number; readonly invariant: string; readonly text: string }[];
  readonly faults: Record<string, number>;
  readonly endings: Record<string, number>;
  readonly checks: Record<string, number>;
  /** Sweeps of keys, by how they ended; `deleted`: the keys that they revoked. */
  readonly sweeps: Record<string, number>;
  /** Reports that met a kind of fault and ended in a way: `fault > ending`. */
  readonly met: Record<string, number>;
}

export function emptyTally(): Tally {
  return {
    seeds: 0,
    requests: 0,
    seconds: 0,
    failed: [],
    faults: {},
    endings: {},
    checks: {},
    sweeps: {},
    met: {},
  };
}

export function addWorld(tally: Tally, played: Played): void {
  tally.seeds += 1;
  tally.requests += played.requests;
  tally.seconds += played.seconds;
  const [first] = played.violations;
  if (first !== undefined) tally.failed.push({ seed: played.seed, ...first });
  for (const [kind, count] of played.faults) increase(tally.faults, kind, count);
  for (const [name, count] of played.checks) increase(tally.checks, name, count);
  for (const status of played.sweeps) increase(tally.sweeps, status, 1);
  increase(tally.sweeps, 'deleted', played.swept);
  for (const { faults, status } of played.reports) {
    increase(tally.endings, status, 1);
    for (const kind of faults) increase(tally.met, `${kind} > ${status}`, 1);
  }
}

export function addTally(to: Tally, from: Tally): void {
  to.seeds += from.seeds;
  to.requests += from.requests;
  to.seconds += from.seconds;
  to.failed.push(...from.failed);
  for (const part of ['faults', 'endings', 'checks', 'sweeps', 'met'] as const)
    for (const [name, count] of Object.entries(from[part])) increase(to[part], name, count);
}

function increase(counts: Record<string, number>, name: string, by: number): void {
  counts[name] = (counts[name] ?? 0) + by;
}

/** Faults that belong to no report: those of functions that work on none, or on all. */
const OF_NO_REPORT = /^(?:kms|webhook|sns|sweep) /;
const ALL = /(?:)/;
/** The kinds of faults that have to meet reports of an ending. Others meet them too seldom for a run of 10,000 worlds. */
const HAS_TO_MEET = {
  revoked: ALL,
  already_revoked: ALL,
  escalated:
    /^(?:devin (?!nodes|revocation)|s3|secrets|crash|clock|admin|sqs (?:delivers|visibility|acknowledgement))/,
  'dead letter': /^(?:crash|devin (?:429|500|503|lost)|s3 503)/,
} as const;

/** What a large run has to have met and did not, in words. */
export function gaps({ checks, endings, faults, met }: Tally): string[] {
  const kinds = [...REQUEST_FAULTS, ...WORLD_FAULTS];
  const pairs = kinds
    .filter((kind) => !OF_NO_REPORT.test(kind))
    .flatMap((kind) =>
      Object.entries(HAS_TO_MEET).flatMap(([ending, met]) => (met.test(kind) ? [`${kind} > ${ending}`] : [])),
    );
  return [
    ...kinds.filter((kind) => !faults[kind]).map((kind) => `no fault of the kind "${kind}"`),
    ...ENDINGS.filter((ending) => !endings[ending]).map((ending) => `no report ended as "${ending}"`),
    ...INVARIANTS.filter((name) => name !== 'the simulation works' && !checks[name]).map(
      (name) => `"${name}" was never checked`,
    ),
    ...pairs.filter((pair) => !met[pair]).map((pair) => `no report met ${pair}`),
  ];
}

/** The tables of a run, in Markdown. */
export function tables({ checks, endings, faults, met, sweeps, ...sums }: Tally): string {
  const kinds = Object.keys(faults).sort();
  const count = (counts: Record<string, number>, name: string) => (counts[name] ?? 0).toLocaleString('en');
  const rows = kinds.map((kind) => {
    const cells = OF_NO_REPORT.test(kind)
      ? ENDINGS.map(() => '')
      : ENDINGS.map((ending) => count(met, `${kind} > ${ending}`));
    return `| ${[kind, count(faults, kind), ...cells].join(' | ')} |`;
  });
  return [
    `${sums.seeds.toLocaleString('en')} worlds, ${sums.requests.toLocaleString('en')} requests, ${Math.round(sums.seconds / 3_600).toLocaleString('en')} hours of virtual time.`,
    '',
    `| fault | times | reports that met it and ended: ${ENDINGS.join(' | ')} |`,
    `|---|---:|${ENDINGS.map(() => '---:|').join('')}`,
    ...rows,
    `| all reports | | ${ENDINGS.map((ending) => count(endings, ending)).join(' | ')} |`,
    '',
    `Sweeps of keys: ${Object.entries(sweeps)
      .map(([name, times]) => `${times.toLocaleString('en')} ${name}`)
      .join(', ')}.`,
    '',
    '| invariant | checks |',
    '|---|---:|',
    ...INVARIANTS.filter((name) => name !== 'the simulation works').map(
      (name) => `| ${name} | ${count(checks, name)} |`,
    ),
  ].join('\n');
}
