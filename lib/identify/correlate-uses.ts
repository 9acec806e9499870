/** One use of the leaked token by us. */
export interface Use {
  /** Epoch milliseconds of our clock, before and after it. */
  readonly sent: number;
  readonly answered: number;
  /** Epoch seconds of the API's clock when it answered, by its `Date` header. */
  readonly apiSecond?: number | undefined;
}

/** One look at the listing. */
export interface Look {
  /** Epoch milliseconds of our clock. */
  readonly at: number;
  /** Each key's `last_used_at`: UNIX seconds of the API's clock. */
  readonly lastUsed: ReadonlyMap<string, number | null>;
  /** Epoch seconds of the API's clock, by its `Date` header. */
  readonly apiSecond?: number | undefined;
}

export interface Observation {
  /** In the order of time. Keys that are not in the first look are not looked at. */
  readonly looks: readonly Look[];
  /**
   * In the order of time. Those before `from` came before the first look, and may show or not: one, and with our own
   * token, where looking at the listing is a use too, that of the first look.
   */
  readonly uses: readonly Use[];
  readonly from: number;
}

export type Verdict =
  /**
   * `follows`: it moved with our uses and at no other time. `remains`: each other key stood still when a use of ours
   * had to show.
   */
  | { readonly verdict: 'follows' | 'remains'; readonly api_key_id: string }
  /** More uses or more time may tell; the most likely key first. */
  | { readonly verdict: 'open'; readonly likely: readonly string[] };

/** Enough uses when one key alone moved, in the very seconds of our uses by the API's clock. */
export const USES_WHEN_QUIET = 3;
/** Enough uses when other keys moved too. */
const USES_WHEN_BUSY = 5;
/** Enough uses when the clock of the values is not that of the `Date` header, so that only their rhythm counts. */
export const MOST_USES = 10;

interface Trace {
  readonly id: string;
  /** The values that the key took on after the first look, in order. */
  readonly values: readonly number[];
  /** How many of our uses show in it, when nothing else does. */
  readonly shown: number | undefined;
  /** Its values are the seconds of our uses by the `Date` header. */
  readonly agrees: boolean;
}

/**
 * Decides which key's `last_used_at` follows our uses of the token.
 *
 * - Values count in whole seconds, so each use bounds the offset between the clocks; all of a key's values must agree on
 *   one offset.
 * - A lag only delays when values show: what does not show yet keeps the verdict open. It excludes a key only when a
 *   later use of another key shows already.
 * - Traffic shows as values that no use explains. The uses come at random moments, so that traffic by a timetable does
 *   not follow them.
 */
export function judgeTraces(observation: Observation): Verdict {
  const traces = readTraces(observation);
  const step = smallestStep(observation.looks);
  const moved = traces.filter(({ values }) => values.length > 0);
  const following = moved.filter(({ shown }) => shown !== undefined);
  const [first] = following.toSorted((a, b) => (b.shown ?? 0) - (a.shown ?? 0));
  if (first?.shown !== undefined) {
    const excluded = othersStoodStill(first.id, step, observation);
    // Another key that follows may have met one of our uses by chance, and has stood still since.
    const needsBoth = listingUses(observation) || following.length > 1;
    const sure = needsBoth ? excluded && first.agrees : excluded || first.agrees;
    if (sure && first.shown >= usesNeeded(first, moved.length, excluded, observation)) {
      return { verdict: 'follows', api_key_id: first.id };
    }
  }
  const remaining = remainder(step, observation);
  return remaining === undefined
    ? { verdict: 'open', likely: rank(traces, observation.looks.at(-1)) }
    : { verdict: 'remains', api_key_id: remaining };
}

function usesNeeded({ agrees }: Trace, moved: number, excluded: boolean, observation: Observation): number {
  // A key that is in use all the time moves from look to look as well, unless there are looks between our uses.
  if (!agrees || !excluded || listingUses(observation)) return MOST_USES;
  return moved === 1 ? USES_WHEN_QUIET : USES_WHEN_BUSY;
}

function listingUses({ from }: Observation): boolean {
  return from > 1;
}

function readTraces(observation: Observation): Trace[] {
  const { looks, uses } = observation;
  return [...(looks[0]?.lastUsed.keys() ?? [])].map((id) => {
    const values = valuesOf(looks, id);
    const start = explain(values, observation);
    const explained = start === undefined ? [] : uses.slice(start, start + values.length);
    return {
      id,
      values,
      shown: start === undefined ? undefined : start + values.length - observation.from,
      agrees: values.every((value, index) => {
        const second = explained[index]?.apiSecond;
        return second !== undefined && Math.abs(value - second) <= 1;
      }),
    };
  });
}

function valuesOf(looks: readonly Look[], id: string): number[] {
  const seen: number[] = [];
  let before = looks[0]?.lastUsed.get(id) ?? null;
  for (const { lastUsed } of looks) {
    const value = lastUsed.get(id) ?? null;
    if (value !== null && value !== before) seen.push(value);
    before = value;
  }
  return seen;
}

/**
 * Finds the run of uses that a trace shows: without a gap, from the first use after the first look, or one before it.
 *
 * @returns the index of the run's first use
 */
function explain(values: readonly number[], { from, uses }: Observation): number | undefined {
  for (let start = from; start >= 0; start--) {
    const end = start + values.length;
    if (end > from && end <= uses.length && agreeOnOffset(values, uses.slice(start, end))) return start;
  }
  return undefined;
}

/** value = floor(moment of use + offset), and the moment lies between `sent` and `answered`. */
function agreeOnOffset(values: readonly number[], uses: readonly Use[]): boolean {
  const lowest = uses.map((use, index) => (values[index] ?? Number.NaN) - use.answered / 1_000);
  const highest = uses.map((use, index) => (values[index] ?? Number.NaN) + 1 - use.sent / 1_000);
  return Math.max(...lowest) < Math.min(...highest);
}

/**
 * Whether each other key showed an older value than this one had shown a second before. Were another key the leaked
 * one, the use would show there as well: the lag is the same for all.
 */
function othersStoodStill(id: string, step: number, { looks }: Observation): boolean {
  const others = new Map([...(looks[0]?.lastUsed.keys() ?? [])].map((other) => [other, new Set<number>()]));
  others.delete(id);
  const initial = looks[0]?.lastUsed.get(id) ?? null;
  for (const look of looks) {
    const value = looks.findLast(({ at }) => at + 1_000 <= look.at)?.lastUsed.get(id) ?? null;
    if (value === null || value === initial) continue;
    for (const [other, stale] of others)
      if ((look.lastUsed.get(other) ?? 0) < value - step - 1) stale.add(value);
  }
  return [...others.values()].every((stale) => stale.size >= 2);
}

/**
 * The one key that is left when each other key showed an older value, for two uses of ours and long after them, while
 * some key showed a later use than that. It has to have shown each of our uses itself.
 *
 * Needs the clock of the `Date` header to be the clock of the values, which a fresh value shows.
 */
function remainder(step: number, { from, looks, uses }: Observation): string | undefined {
  const ours = uses
    .slice(from)
    .flatMap(({ answered, apiSecond }) => (apiSecond === undefined ? [] : [{ answered, second: apiSecond }]));
  if (ours.length < USES_WHEN_BUSY) return undefined;
  const dated = looks.map((look) => ({
    ...look,
    latest: Math.max(...[...look.lastUsed.values()].map(Number)),
  }));
  const ahead = dated.map(({ apiSecond = Number.NaN, latest }) => latest - apiSecond);
  if (!ahead.every((seconds) => seconds <= 1) || !ahead.some((seconds) => seconds >= -FRESH_SECONDS))
    return undefined;
  const behind = step + FRESH_SECONDS;
  const left = [...(looks[0]?.lastUsed.keys() ?? [])].filter((id) => {
    const stale = ours.filter(({ answered, second }) =>
      dated.some(
        ({ at, lastUsed, latest }) =>
          at > answered + LONG_AFTER_MS && latest > second + 1 && Number(lastUsed.get(id)) < second - behind,
      ),
    );
    return stale.length < 2;
  });
  const [only] = left;
  return only !== undefined && left.length === 1 && showedEach(only, ours, looks) ? only : undefined;
}

/** A value this young shows that lag and skew are small. */
const FRESH_SECONDS = 3;
/** Milliseconds after which a use shows, though the lag of one key be longer than that of another. */
const LONG_AFTER_MS = 6_000;

/** Whether a key's values hold each of our uses that is not too young to show. */
function showedEach(
  id: string,
  ours: readonly { readonly answered: number; readonly second: number }[],
  looks: readonly Look[],
): boolean {
  const last = looks.at(-1)?.at ?? 0;
  const due = ours.filter(({ answered }) => answered + FRESH_SECONDS * 1_000 < last);
  const offsets = Array.from({ length: FRESH_SECONDS + 1 }, (_, seconds) => -seconds);
  return offsets.some((offset) =>
    due.every(({ second }) =>
      looks.some(({ lastUsed }) => Math.abs(Number(lastUsed.get(id)) - offset - second) <= 1),
    ),
  );
}

/**
 * Seconds between the values of a key at the least. An API that stores a use only when the stored one is older than
 * some time, or that cuts times to a coarser unit, shows values of that distance: a key that was used lately can stand
 * still for as long.
 */
function smallestStep(looks: readonly Look[]): number {
  const steps = looks.flatMap(({ lastUsed }, index) =>
    [...lastUsed].map(([id, value]) => Number(value) - Number(looks[index - 1]?.lastUsed.get(id) ?? value)),
  );
  return Math.min(...steps.filter((seconds) => seconds > 0));
}

/** Keys that follow our uses first, then those that moved, then by the latest use. */
function rank(traces: readonly Trace[], last: Look | undefined): string[] {
  const score = ({ shown, values }: Trace): number =>
    (shown === undefined ? 0 : 2) + (values.length > 0 ? 1 : 0);
  const used = ({ id }: Trace): number => last?.lastUsed.get(id) ?? 0;
  return [...traces].sort((a, b) => score(b) - score(a) || used(b) - used(a)).map(({ id }) => id);
}
