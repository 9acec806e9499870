import type { Enrolled } from '../../lib/enroll/enroll-all.ts';
import { table } from './table.ts';

/** A source in which no token could be read. */
export interface Problem {
  readonly origin: string;
  readonly reason: string;
}

interface Row {
  readonly origin: string;
  readonly status: string;
  readonly service_user_id?: string;
  readonly api_key_id?: string;
  readonly confidence?: string;
  readonly method?: string;
  readonly reason?: string;
}

/** What came of each token, and of each source that holds none. */
export function printEnrolled(
  enrolled: readonly Enrolled[],
  problems: readonly Problem[],
  json: boolean,
): string {
  const rows: readonly Row[] = [
    ...enrolled.map(toRow),
    ...problems.map((problem) => ({ ...problem, status: 'failed' })),
  ];
  if (json) return JSON.stringify({ tokens: rows }, null, 2);
  return table(
    ['FROM', 'STATUS', 'SERVICE USER', 'KEY', 'CONFIDENCE', 'REASON'],
    rows.map(({ api_key_id = '', confidence = '', origin, reason = '', service_user_id = '', status }) => [
      origin,
      status,
      service_user_id,
      api_key_id,
      confidence,
      reason,
    ]),
  );
}

function toRow({ enrolment, subject: { origin } }: Enrolled): Row {
  const { status } = enrolment;
  switch (status) {
    case 'known':
    case 'enrolled': {
      const { api_key_id, confidence, method, service_user_id } = enrolment.entry;
      return { origin, status, service_user_id, api_key_id, confidence, method };
    }
    case 'undecided': {
      const { reason, service_user_id } = enrolment;
      return { origin, status, service_user_id, reason };
    }
    case 'refused':
    case 'failed':
      return { origin, status, reason: enrolment.reason };
    default:
      return enrolment satisfies never;
  }
}
