import { redact } from '../../lib/domain/redact.ts';
import type { Line } from '../terminal/terminal.ts';
import type { Finding } from './finding.ts';

const STYLES = { ok: 'green', limited: 'yellow', missing: 'red', unknown: 'yellow' } as const;
const STATUS_WIDTH = 9;

/** A line for each finding, and beneath it what to do. */
export function findingLines(findings: readonly Finding[]): Line[] {
  const width = Math.max(0, ...findings.map(({ check }) => check.length)) + 2;
  return findings.flatMap((finding): Line[] => {
    const { check, found, status } = finding;
    const line = {
      text: redact(`${status.padEnd(STATUS_WIDTH)}${check.padEnd(width)}${found}`),
      style: STYLES[status],
    };
    return status === 'ok' ? [line] : [line, redact(`${' '.repeat(STATUS_WIDTH)}-> ${finding.mend}`)];
  });
}

/** Such as `9 ok, 1 missing`. */
export function totalLine(findings: readonly Finding[]): string {
  const statuses = ['ok', 'limited', 'missing', 'unknown'] as const;
  return statuses
    .map((status) => ({ status, count: findings.filter((finding) => finding.status === status).length }))
    .filter(({ count }) => count > 0)
    .map(({ count, status }) => `${count} ${status}`)
    .join(', ');
}

/** For `--json`. */
export function findingsAsJson(findings: readonly Finding[]): object[] {
  return findings.map((finding) =>
    finding.status === 'ok'
      ? { ...finding, found: redact(finding.found) }
      : { ...finding, found: redact(finding.found), mend: redact(finding.mend) },
  );
}
