import { ACKNOWLEDGED, isIntent, OUTCOME, REHEARSAL } from '../../../lib/audit/record-path.ts';
import { broken, type Finding, open } from './finding.ts';
import type { SettledRecord } from './record-findings.ts';

/** A record as far as it matters beside the others of its report. */
export interface OfReport {
  readonly key: string;
  readonly record: SettledRecord;
}

/** An intent or an attempt that is younger may still get its outcome. */
const OUTCOME_WITHIN_MS = 15 * 60_000;

/** What must hold for the records of one report together. @param now epoch milliseconds */
export function reportFindings(records: readonly OfReport[], now: number): Finding[] {
  const outcome = records.find(({ key }) => key.endsWith(`/${OUTCOME}.json`));
  if (outcome === undefined) return openFindings(records, now);
  const { intent_stored, proof, status } = outcome.record.unmapped;
  if (status !== 'revoked') return [];
  const hasIntent = intent_stored === false || records.some(({ key }) => isIntent(key));
  return [
    ...(proof === undefined ? [broken(outcome.key, 'says revoked without a proof')] : []),
    ...(hasIntent ? [] : [broken(outcome.key, 'says revoked without an intent')]),
  ];
}

/** A report that nobody finished: a message that died in the dead-letter queue, or one that was lost. */
function openFindings(records: readonly OfReport[], now: number): Finding[] {
  const pending = records.filter(({ key }) => isIntent(key) || /\/50-attempt-[^/]*$/.test(key));
  const last = pending.at(-1);
  const isRehearsed = records.some(({ key }) => key.endsWith(`/${REHEARSAL}.json`));
  const isAcknowledged = records.some(({ key }) => key.endsWith(`/${ACKNOWLEDGED}.json`));
  if (last === undefined || isRehearsed || isAcknowledged) return [];
  if (pending.some(({ record }) => now - record.time <= OUTCOME_WITHIN_MS)) return [];
  const { reason, status } = last.record.unmapped;
  const what = isIntent(last.key) ? 'is an intent' : `is an attempt that ended ${status}`;
  return [
    open(last.key, `${what}, and its report has no outcome${reason === undefined ? '' : `: ${reason}`}`),
  ];
}
