import { isAftermath } from '../../../lib/audit/aftermath-record.ts';
import { isIntent, OUTCOME, REHEARSAL } from '../../../lib/audit/record-path.ts';
import { isDrill } from '../../../lib/domain/drill.ts';
import { aftermathLines } from '../log/aftermath-lines.ts';
import type { ReportFolder } from '../log/report-folders.ts';
import { readRecord, type ShownRecord } from '../log/shown-record.ts';
import type { Source } from '../log/source.ts';

type Unmapped = ShownRecord['unmapped'];
type Leak = NonNullable<Unmapped['report']>['leak'];

/** One report, or one of its leaks when it has several tokens, by the record in which it ended or, without one, by its last attempt or its intent. */
export interface LeakFacts {
  readonly kind: 'leak';
  readonly report_id: string;
  /** Which of several leaks of the report it is, from 1. */
  readonly part?: number;
  /** The detector; `sweep` for a key that was not leaked but due, `drill` for one that was leaked on purpose. */
  readonly detector: string;
  /** Epoch milliseconds: when the leak began, as far as the detector says, else when it was reported. */
  readonly since: number;
  readonly reported_at: number;
  /** Epoch milliseconds of the record. */
  readonly at: number;
  readonly alert?: { readonly owner: string; readonly repo: string; readonly number: number };
  /** A name of the outcome table, or `intent` where nothing but that is stored. */
  readonly status: string;
  /** The same of the whole report: that of the leak that is worst off. */
  readonly worst: string;
  /** An outcome or a rehearsal is on record. */
  readonly isDone: boolean;
  readonly facts: Pick<
    Unmapped,
    | 'service_user_id'
    | 'api_key_id'
    | 'api_key_name'
    | 'reason'
    | 'next_step'
    | 'evidence'
    | 'attribution'
    | 'exposure'
    | 'proof'
    | 'own_key'
    | 'collateral'
  > & { readonly closure?: Unmapped['alert'] };
  /** What followed, in words. */
  readonly aftermath: readonly string[];
}

/** The plan of a sweep. */
export interface PlanFacts {
  readonly kind: 'plan';
  readonly plan_id: string;
  readonly at: number;
  readonly mode: string;
  readonly verdict: string;
  readonly revoke: number;
  readonly warn: number;
  readonly blocks: readonly string[];
}

export type Facts = LeakFacts | PlanFacts;

const PLAN = '20-plan';

/** Reads one record of a report. @returns none for what the report has no place for, or cannot be read */
export async function readFacts(source: Source, folder: ReportFolder): Promise<readonly Facts[]> {
  const name = endingName(folder.names);
  const read = name === undefined ? undefined : await readRecord(source, folder, name);
  if (read === undefined) return [];
  return read.record.unmapped.kind === 'plan'
    ? [planFacts(read.record)]
    : leakFacts(folder, read.record, read.name, await readAftermath(source, folder));
}

interface Aftermath {
  readonly service_user_id: string | undefined;
  readonly lines: readonly string[];
}

async function readAftermath(source: Source, folder: ReportFolder): Promise<Aftermath[]> {
  const names = folder.names.filter((name) => isAftermath(`/${name}.json`));
  const read = await Promise.all(names.map((name) => readRecord(source, folder, name)));
  return read.flatMap((record) =>
    record === undefined
      ? []
      : [{ service_user_id: record.record.unmapped.service_user_id, lines: aftermathLines(record) }],
  );
}

function endingName(names: readonly string[]): string | undefined {
  return (
    [OUTCOME, REHEARSAL, PLAN].find((name) => names.includes(name)) ??
    names.findLast((name) => name.startsWith('50-attempt')) ??
    names.find(isIntent)
  );
}

function leakFacts(
  { report_id }: ReportFolder,
  { status_code, time, unmapped }: ShownRecord,
  name: string,
  aftermath: readonly Aftermath[],
): LeakFacts[] {
  const { alert: closure, leaks, report, ...facts } = unmapped;
  if (report === undefined) return [];
  const alert = alertOf(report.leak);
  const whole = {
    kind: 'leak' as const,
    report_id,
    detector: isDrill(report.caller, facts.api_key_name) ? 'drill' : report.detector,
    since: report.leaked_at ?? report.reported_at,
    reported_at: report.reported_at,
    at: time,
    status: status_code,
    worst: status_code,
    isDone: name === OUTCOME || name === REHEARSAL,
    ...(alert && { alert }),
  };
  const common = closure && { closure };
  // A rehearsal is one, whatever it is about: it counts as no leak.
  const parts = name === REHEARSAL ? [] : (leaks ?? []);
  if (parts.length === 0)
    return [{ ...whole, facts: { ...facts, ...common }, aftermath: aftermath.flatMap(({ lines }) => lines) }];
  // What followed is of a service user: it is told once, with the first of its leaks.
  const first = (of: Aftermath): number =>
    Math.max(
      0,
      parts.findIndex(({ service_user_id }) => service_user_id === of.service_user_id),
    );
  return parts.map(({ status, ...own }, index) => ({
    ...whole,
    part: index + 1,
    status,
    facts: { ...own, ...common },
    aftermath: aftermath.flatMap((each) => (first(each) === index ? each.lines : [])),
  }));
}

function alertOf({ number, owner, repo }: Leak): LeakFacts['alert'] {
  return owner === undefined || repo === undefined || number === undefined
    ? undefined
    : { owner, repo, number };
}

function planFacts({ time, unmapped }: ShownRecord): PlanFacts {
  const { blocks = [], mode = '', plan_id = '', totals = {}, verdict = '' } = unmapped;
  return {
    kind: 'plan',
    plan_id,
    at: time,
    mode,
    verdict,
    revoke: totals.revoke ?? 0,
    warn: totals.warn ?? 0,
    blocks,
  };
}
