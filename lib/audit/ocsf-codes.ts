import type { Status } from '../domain/outcome.ts';

/** An id of an OCSF enumeration and its caption; id 99 takes a word of our own. */
type Coded = readonly [id: number, caption: string];

export interface Rating {
  readonly status: Coded;
  readonly severity: Coded;
  readonly action: Coded;
  readonly disposition: Coded;
}

const OBSERVED: Coded = [3, 'Observed'];
const INFORMATIONAL: Coded = [1, 'Informational'];
const MEDIUM: Coded = [3, 'Medium'];
const HIGH: Coded = [4, 'High'];
const CRITICAL: Coded = [5, 'Critical'];

export type Code = Exclude<Status, 'ignored'> | 'intent' | 'alert_closed' | 'alert_open';

/** What each kind of record says to a SIEM. https://schema.ocsf.io/1.8.0/classes/remediation_activity */
export const RATINGS: Readonly<Record<Code, Rating>> = {
  intent: { status: [99, 'Pending'], severity: HIGH, action: OBSERVED, disposition: [99, 'Pending'] },
  revoked: {
    status: [1, 'Success'],
    severity: HIGH,
    action: [2, 'Denied'],
    disposition: [24, 'Access Revoked'],
  },
  already_revoked: {
    status: [1, 'Success'],
    severity: MEDIUM,
    action: OBSERVED,
    disposition: [16, 'No Action'],
  },
  not_found: {
    status: [3, 'Does Not Exist'],
    severity: MEDIUM,
    action: OBSERVED,
    disposition: [16, 'No Action'],
  },
  still_alive: {
    status: [4, 'Partial'],
    severity: CRITICAL,
    action: OBSERVED,
    disposition: [13, 'Uncorrected'],
  },
  escalated: {
    status: [5, 'Unsupported'],
    severity: CRITICAL,
    action: OBSERVED,
    disposition: [19, 'Alert'],
  },
  rehearsed: {
    status: [99, 'Rehearsed'],
    severity: INFORMATIONAL,
    action: OBSERVED,
    disposition: [17, 'Logged'],
  },
  failed: { status: [6, 'Error'], severity: HIGH, action: OBSERVED, disposition: [27, 'Error'] },
  alert_closed: {
    status: [1, 'Success'],
    severity: INFORMATIONAL,
    action: OBSERVED,
    disposition: [17, 'Logged'],
  },
  alert_open: { status: [2, 'Failure'], severity: MEDIUM, action: OBSERVED, disposition: [27, 'Error'] },
};
