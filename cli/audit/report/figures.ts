import type { Facts, LeakFacts, PlanFacts } from './facts.ts';
import { gatherLeaks, isClosing, type Leak, type LeakState } from './leaks.ts';
import { type Need, needs } from './needs.ts';

/** A period of days in UTC, both included. */
export interface Period {
  readonly from: string;
  readonly to: string;
}

/** A row of a table of counts. */
export interface Count {
  readonly name: string;
  readonly leaks: number;
  /** How many of them are dead. */
  readonly dead: number;
  readonly keys: readonly string[];
}

/** All that the report says. */
export interface Figures {
  readonly period: Period;
  readonly leaks: readonly Leak[];
  readonly states: Readonly<Record<LeakState, number>>;
  /** Milliseconds from the leak to the proof, sorted. */
  readonly times: readonly number[];
  readonly median: number | undefined;
  readonly slowest: number | undefined;
  readonly needs: readonly Need[];
  readonly byRepository: readonly Count[];
  readonly byServiceUser: readonly Count[];
  readonly useAfterLeak: {
    readonly used: readonly Leak[];
    readonly unused: number;
    readonly unknown: number;
  };
  /** How the key of a dead token was found, and how sure that is. */
  readonly attribution: readonly {
    readonly method: string;
    readonly confidence: string;
    readonly leaks: number;
  }[];
  readonly plans: readonly PlanFacts[];
  readonly swept: readonly LeakFacts[];
  readonly rehearsed: number;
}

/**
 * @param facts of the period
 * @param later of the days after it: they count nowhere, and may have closed something
 * @param now epoch milliseconds
 */
export function figures(
  facts: readonly Facts[],
  later: readonly LeakFacts[],
  period: Period,
  now: number,
): Figures {
  const reports = facts.filter((each) => each.kind === 'leak');
  const all = gatherLeaks(reports, now);
  const leaks = all.filter(({ main }) => !isClosing(main));
  const times = leaks.flatMap(({ timeToRevoke }) => timeToRevoke ?? []).sort((a, b) => a - b);
  return {
    period,
    leaks,
    states: countStates(leaks),
    times,
    median: quantile(times, 0.5),
    slowest: times.at(-1),
    needs: needs(all, reports, later),
    byRepository: counts(leaks, ({ main: { alert } }) => alert && `${alert.owner}/${alert.repo}`),
    byServiceUser: counts(leaks, ({ main }) => main.facts.service_user_id),
    useAfterLeak: useAfterLeak(leaks),
    attribution: attribution(leaks),
    plans: facts.filter((each) => each.kind === 'plan'),
    swept: reports.filter(({ detector }) => detector === 'sweep'),
    rehearsed: reports.filter(({ status }) => status === 'rehearsed').length,
  };
}

function countStates(leaks: readonly Leak[]): Record<LeakState, number> {
  const states = { dead: 0, alive: 0, escalated: 0, not_found: 0, unfinished: 0, pending: 0 };
  for (const { state } of leaks) states[state] += 1;
  return states;
}

/** Of sorted values, by nearest rank. */
function quantile(sorted: readonly number[], q: number): number | undefined {
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)];
}

function counts(leaks: readonly Leak[], nameOf: (leak: Leak) => string | undefined): Count[] {
  const named = leaks.filter((leak) => nameOf(leak) !== undefined);
  return [...Map.groupBy(named, nameOf)]
    .map(([name = '', own]) => ({
      name,
      leaks: own.length,
      dead: own.filter(({ state }) => state === 'dead').length,
      keys: [...new Set(own.flatMap(({ main: { facts } }) => facts.api_key_name ?? facts.api_key_id ?? []))],
    }))
    .sort((a, b) => b.leaks - a.leaks || (a.name < b.name ? -1 : 1));
}

function useAfterLeak(leaks: readonly Leak[]): Figures['useAfterLeak'] {
  const use = ({ main }: Leak) => main.facts.exposure?.used_after_leak;
  return {
    used: leaks.filter((leak) => use(leak) === true),
    unused: leaks.filter((leak) => use(leak) === false).length,
    unknown: leaks.filter((leak) => use(leak) === undefined).length,
  };
}

function attribution(leaks: readonly Leak[]): Figures['attribution'] {
  const dead = leaks.filter(({ state }) => state === 'dead');
  const groups = Map.groupBy(dead, ({ main: { facts } }) => {
    const { confidence = 'not recorded', method = 'not recorded' } = facts.attribution ?? {};
    return `${method}/${confidence}`;
  });
  return [...groups]
    .map(([key, own]) => {
      const [method = '', confidence = ''] = key.split('/');
      return { method, confidence, leaks: own.length };
    })
    .sort((a, b) => b.leaks - a.leaks);
}
