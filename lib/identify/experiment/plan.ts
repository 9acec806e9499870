/** One look at the key listing before the first coin is tossed. Moments are epoch milliseconds of our clock. */
export interface TimedLook {
  readonly sent: number;
  readonly answered: number;
  /** Epoch seconds of the API's clock, by the `Date` header. */
  readonly apiSecond?: number | undefined;
}

/**
 * When the slots of an experiment are, in milliseconds. It is made before the first coin is tossed and never changed
 * after it: no coin and no slow call shifts a slot, a look, or the window that a use is expected in.
 *
 * A slot has one or two parts. Each part has a planned use and, later in it, a look.
 */
export interface Plan {
  /** Epoch milliseconds of our clock: the planned use of the first part of slot 0. */
  readonly startMs: number;
  /** From one slot to the next. */
  readonly slotMs: number;
  readonly parts: 1 | 2;
  readonly partMs: number;
  /** How many values of `last_used_at` count as a use in a slot: the window's length. */
  readonly windowMs: number;
  /** What to add to our clock as a use is sent to have the API's clock as it arrives. */
  readonly offsetMs: number;
}

/** The API's values are in seconds, so two parts share one: the look between them tells which of the two it was. */
const SHORT_PART_MS = 500;
/** In which stretch of a part its look is sent. */
const LOOKS_FROM = 0.4;
const LOOKS_TO = 0.9;
/** Multiples of it, less their whole part, fill that stretch evenly. */
const GOLDEN_RATIO = (Math.sqrt(5) - 1) / 2;
/** Where in a second of the API's clock the first use of a slot arrives: early in it, yet away from its ends. */
const PHASE_MS = 200;

/**
 * Plans the slots from a few looks. No look is sent sooner after a planned use than these calls took, but for the slowest,
 * which may have had to open its connection. So a use is usually over by then, and does not delay the look.
 *
 * @param earliest epoch milliseconds of our clock, before which no slot is planned
 * @param leastSlotMs for an experiment at leisure: as long as a throttle of the API may hold back a value
 */
export function planSlots(looks: readonly TimedLook[], earliest: number, leastSlotMs = 0): Plan {
  const calls = looks.map(({ answered, sent }) => answered - sent).sort((a, b) => a - b);
  const longest = calls.at(-2) ?? calls.at(-1) ?? 0;
  const usual = calls[calls.length >> 1] ?? 0;
  const neededMs = longest / LOOKS_FROM;
  const isShort = neededMs <= SHORT_PART_MS;
  const partMs = isShort ? SHORT_PART_MS : wholeSeconds(neededMs);
  // Whole seconds, so that each slot begins at the same place in a second of the API.
  const slotMs = wholeSeconds(Math.max(partMs, leastSlotMs));
  const offsetMs = clockDifference(looks) + usual / 2;
  const arrival = wholeSeconds(earliest + offsetMs - PHASE_MS) + PHASE_MS;
  return {
    startMs: arrival - offsetMs,
    slotMs,
    parts: isShort && slotMs === 1_000 ? 2 : 1,
    partMs,
    windowMs: wholeSeconds(partMs),
    offsetMs,
  };
}

/** Twice as long slots, where calls were refused. */
export function lengthen(plan: Plan, earliest: number): Plan {
  const startMs = plan.startMs + wholeSeconds(Math.max(0, earliest - plan.startMs));
  return { ...plan, startMs, slotMs: 2 * plan.slotMs };
}

/** The API's clock minus ours: each `Date` header bounds it to a second, looks at several moments narrow that. */
function clockDifference(looks: readonly TimedLook[]): number {
  const lowest = looks.flatMap(({ answered, apiSecond, sent }) =>
    apiSecond === undefined ? [] : [apiSecond * 1_000 - (sent + answered) / 2],
  );
  return lowest.length === 0 ? 0 : (Math.max(...lowest) + Math.min(...lowest) + 1_000) / 2;
}

function wholeSeconds(ms: number): number {
  return Math.ceil(ms / 1_000) * 1_000;
}

/** The planned use of a part of a slot, epoch milliseconds of our clock. */
export function useMoment(plan: Plan, slot: number, part: number): number {
  return plan.startMs + slot * plan.slotMs + part * plan.partMs;
}

/**
 * The look of a part of a slot, epoch milliseconds of our clock. Looks do not come at the same place in each second: were
 * one a little later after heads, since the use before it slowed the API down, then a sibling that is used at just that
 * place of each second would show our coins. As it is, it would in few slots.
 */
export function lookMoment(plan: Plan, slot: number, part: number): number {
  const place = ((slot * plan.parts + part) * GOLDEN_RATIO) % 1;
  return useMoment(plan, slot, part) + plan.partMs * (LOOKS_FROM + (LOOKS_TO - LOOKS_FROM) * place);
}

/**
 * The value that a use would leave behind, were the clock of the values `shiftMs` ahead of the `Date` header: epoch
 * milliseconds of that clock. The slot's window begins there.
 */
export function windowStart(plan: Plan, slot: number, part: number, shiftMs: number): number {
  const arrival = useMoment(plan, slot, part) + plan.offsetMs + shiftMs;
  return Math.floor(arrival / 1_000) * 1_000;
}
