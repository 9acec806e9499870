import type { LeakFacts } from './facts.ts';
import { alertName, isDead, type Leak } from './leaks.ts';

/** Something that a person has to do now. */
export interface Need {
  readonly kind: 'alive' | 'escalated' | 'own_key' | 'collateral' | 'alert_open' | 'lost';
  readonly report: LeakFacts;
  readonly why: string;
  readonly next: string;
}

/** What is open, the worst first. @param later reports after the period, which may have closed something */
export function needs(
  leaks: readonly Leak[],
  reports: readonly LeakFacts[],
  later: readonly LeakFacts[],
): Need[] {
  const alerts = new Set(reports.map(alertOf));
  const closers = [...reports, ...later];
  const deadKeys = latest(closers.filter(isDead), ({ facts }) => facts.api_key_id);
  const deadAlerts = latest(closers.filter(isWholeDead), alertOf);
  const deadParts = latest(closers.filter(isDead), partOf);
  const isDeadSince = (report: LeakFacts): boolean =>
    [
      deadKeys.get(report.facts.api_key_id ?? ''),
      deadAlerts.get(alertOf(report) ?? ''),
      deadParts.get(partOf(report) ?? ''),
    ].some((time = 0) => time > report.at);
  const open = leaks.filter(({ main }) => !isDeadSince(main));
  return [
    ...ofState(open, 'alive', (report) =>
      need('alive', report, 'contain it by hand, and take access away from its owner'),
    ),
    ...ofState(open, 'escalated', (report) => need('escalated', report, '')),
    ...reports
      .filter(({ facts }) => facts.own_key)
      .map((report) => need('own_key', report, 'replace the admin token of this software, and its secret')),
    ...reports.flatMap(collateral),
    ...alertsLeftOpen(closers)
      .filter((report) => alerts.has(alertOf(report)))
      .map((report) => need('alert_open', report, 'close the alert as revoked')),
    ...ofState(open, 'unfinished', (report) =>
      need('lost', report, 'look into the dead-letter queue; report it again'),
    ),
  ];
}

function ofState(leaks: readonly Leak[], state: Leak['state'], use: (report: LeakFacts) => Need): Need[] {
  return leaks.filter((leak) => leak.state === state).map(({ main }) => use(main));
}

function need(kind: Need['kind'], report: LeakFacts, otherwise: string): Need {
  const { closure, next_step, reason } = report.facts;
  const why = kind === 'alert_open' ? closure?.reason : reason;
  return {
    kind,
    report,
    why: why ?? WHY[kind],
    next: kind === 'alert_open' ? otherwise : (next_step ?? otherwise),
  };
}

const WHY: Readonly<Record<Need['kind'], string>> = {
  alive: 'the token still authenticates',
  escalated: 'a person must decide',
  own_key: 'the leaked token was our own',
  collateral: 'it was revoked beside the leaked key',
  alert_open: 'the alert is still open',
  lost: 'the report has no outcome',
};

/** A key that was revoked beside the leaked one. Whether it has a successor is not on record. */
function collateral(report: LeakFacts): Need[] {
  return (report.facts.collateral ?? []).map(({ api_key_id, api_key_name, replace_with }) => ({
    kind: 'collateral',
    report,
    why: `${api_key_name} (${api_key_id}) was revoked beside the leaked key`,
    next: `give it a successor, unless it has one: ${replace_with}`,
  }));
}

/** The last report of each alert says whether it is open. */
function alertsLeftOpen(reports: readonly LeakFacts[]): LeakFacts[] {
  const last = new Map<string, LeakFacts>();
  for (const report of reports.toSorted((a, b) => a.at - b.at)) {
    const name = alertOf(report);
    if (name !== undefined && report.facts.closure !== undefined) last.set(name, report);
  }
  return [...last.values()].filter(({ facts }) => facts.closure?.closed === false);
}

function isWholeDead({ worst }: LeakFacts): boolean {
  return isDead({ status: worst });
}

function alertOf({ alert }: LeakFacts): string | undefined {
  return alert && alertName(alert);
}

/** One of several leaks of an alert: the tokens of a secret keep their order. */
function partOf({ alert, part }: LeakFacts): string | undefined {
  return alert === undefined || part === undefined ? undefined : `${alertName(alert)}#${part}`;
}

/** The time of the latest report with a name. */
function latest(
  reports: readonly LeakFacts[],
  nameOf: (report: LeakFacts) => string | undefined,
): Map<string, number> {
  const times = new Map<string, number>();
  for (const report of reports) {
    const name = nameOf(report);
    if (name !== undefined) times.set(name, Math.max(times.get(name) ?? 0, report.at));
  }
  return times;
}
