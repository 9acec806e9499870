import { LAGS, type Values } from './evidence.ts';
import { Experiment, type ExperimentLog, type Likelihood } from './experiment.ts';
import { measureCalls } from './measure-calls.ts';
import { Pace } from './pace.ts';
import { lengthen, lookMoment, type Plan, planSlots, useMoment } from './plan.ts';
import type { Listing, World } from './world.ts';

export interface ExperimentOptions {
  /** Ids of the keys that it may be. */
  readonly candidates: readonly string[];
  /** The most that the probability of naming a wrong key may be. */
  readonly alpha: number;
  /** Epoch milliseconds. */
  readonly deadline: number;
  /** Milliseconds; for an experiment at leisure, as long as a throttle may hold back a value. */
  readonly leastSlotMs?: number | undefined;
  /** Later runs go on where this one ends, so that a deadline is no reason to give up. */
  readonly goesOn?: boolean | undefined;
  /** The log of an earlier run that may go on; its candidates and alpha count. */
  readonly resume?: ExperimentLog | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * How an experiment ends. `found`: a key's score reached the bound. `deadline`: time is up. `futile`: no key could have
 * reached the bound in the time left. `rejected`: the token was answered 401, it died meanwhile. `stopped`: by the signal.
 * `failing`: too many calls failed.
 */
export type Ended = 'found' | 'deadline' | 'futile' | 'rejected' | 'stopped' | 'failing';

export interface ExperimentResult {
  readonly ended: Ended;
  /** With `found` alone. */
  readonly api_key_id?: string | undefined;
  /** The most likely key first. */
  readonly likelihoods: readonly Likelihood[];
  /** A key is named when its `log10` reaches this: candidates / alpha. */
  readonly bound_log10: number;
  readonly alpha: number;
  readonly candidates: number;
  /** Processes of each key. */
  readonly lags: number;
  /** Coins that were tossed, earlier runs included. */
  readonly slots: number;
  /** Uses of the token in this run, epoch milliseconds of our clock as they were sent. */
  readonly uses: readonly number[];
  /** What to add to our clock to have the API's as a use arrives, in milliseconds. */
  readonly offset_ms?: number | undefined;
  /**
   * A later run may go on from the log. Otherwise it would leave out slots for a reason that may depend on their coins:
   * another experiment has to start afresh.
   */
  readonly may_go_on: boolean;
  readonly log: ExperimentLog;
}

/**
 * Tells the keys of a service user apart by using the token in slots that coins choose. Not for a token that the looks
 * themselves are made with: each look would use it, so that no coin shows in its record.
 *
 * Looks and slots keep to the plan: the clock alone is waited for, never a call.
 */
export async function runExperiment(world: World, options: ExperimentOptions): Promise<ExperimentResult> {
  const { alpha, candidates, deadline, leastSlotMs, resume, signal } = options;
  const run = new Run(world, options, new Experiment(resume ?? { candidates, alpha, segments: [] }));
  const measured = await measureCalls(world, deadline, signal);
  if (measured === undefined) return run.result(signal?.aborted ? 'stopped' : 'failing');
  const plan = planSlots(measured.looks, world.now(), leastSlotMs);
  return run.result(await run.play(plan, measured.lastUsed));
}

/** A look that is on its way. */
interface Look {
  listing?: Listing;
}

/** The slot that is being played. */
interface Current {
  readonly coin: 0 | 1 | null;
  readonly part: 0 | 1;
  readonly seen: (Values | null)[];
}

class Run {
  readonly #world: World;
  readonly #options: ExperimentOptions;
  readonly #experiment: Experiment;
  readonly #pace = new Pace();
  readonly #uses: number[] = [];
  #isRejected = false;
  #offsetMs: number | undefined;
  #lastSeen: Values;
  /** The look that was sent last, and the slot that it belongs to. */
  #sent: { readonly slot: Current; readonly look: Look | undefined } | undefined;

  constructor(world: World, options: ExperimentOptions, experiment: Experiment) {
    this.#world = world;
    this.#options = options;
    this.#experiment = experiment;
    this.#lastSeen = experiment.candidates.map(() => null);
  }

  async play(plan: Plan, lastUsed: ReadonlyMap<string, number | null>): Promise<Ended> {
    this.#offsetMs = plan.offsetMs;
    this.#lastSeen = this.#valuesOf(lastUsed);
    let ended = await this.#playSegment(plan, false);
    for (let longer = plan; ended === 'limited'; ended = await this.#playSegment(longer, true)) {
      longer = lengthen(longer, Math.max(this.#world.now(), this.#pace.pausedUntil ?? 0));
      this.#pace.pausedUntil = undefined;
    }
    return ended;
  }

  result(ended: Ended): ExperimentResult {
    const experiment = this.#experiment;
    const log = experiment.log();
    return {
      ended,
      ...(ended === 'found' && { api_key_id: experiment.named() }),
      likelihoods: experiment.likelihoods(),
      bound_log10: Math.log10(experiment.bound),
      alpha: experiment.alpha,
      candidates: experiment.candidates.length,
      lags: LAGS.length,
      slots: log.segments.flatMap(({ slots }) => slots).filter(({ coin }) => coin !== null).length,
      uses: this.#uses,
      ...(this.#offsetMs !== undefined && { offset_ms: this.#offsetMs }),
      may_go_on: this.#options.goesOn === true && (ended === 'deadline' || ended === 'stopped'),
      log,
    };
  }

  async #playSegment(plan: Plan, isAfterFailure: boolean): Promise<Ended | 'limited'> {
    this.#experiment.startSegment(plan, this.#lastSeen, isAfterFailure);
    const { deadline, signal } = this.#options;
    // The last look has time to be answered.
    const lastStart = deadline - plan.partMs - useMoment(plan, 0, plan.parts);
    const slots = Math.max(0, Math.floor(lastStart / plan.slotMs) + 1);
    for (let slot = 0; slot < slots; slot++) {
      let current: Current | undefined;
      for (let part = 0; part < plan.parts; part++) {
        await this.#world.sleepUntil(useMoment(plan, slot, part), signal);
        const early = this.#take(plan, slots - slot, false);
        if (early !== undefined) return early;
        current ??= this.#startSlot(plan, slot);
        if (current.coin === 1 && current.part === part) this.#use();
        await this.#world.sleepUntil(lookMoment(plan, slot, part), signal);
        const ended = this.#take(plan, slots - slot, true);
        if (ended !== undefined) return ended;
        this.#sent = { slot: current, look: current.coin === null ? undefined : this.#look() };
      }
      // A slot that has begun is played to its end, and judged.
      if (this.#pace.pausedUntil === undefined) continue;
      await this.#world.sleepUntil(lookMoment(plan, slot, plan.parts), signal);
      return this.#take(plan, slots - slot - 1, true) ?? 'limited';
    }
    await this.#world.sleepUntil(deadline, signal);
    return this.#take(plan, 0, true) ?? 'deadline';
  }

  /** Tosses a slot's coins, unless it is too late for it, which is decided before. */
  #startSlot(plan: Plan, slot: number): Current {
    // A use that is sent this late would miss its window.
    if (this.#world.now() > useMoment(plan, slot, 0) + plan.partMs / 4)
      return { coin: null, part: 0, seen: [] };
    const coin = this.#world.toss() ? 1 : 0;
    return { coin, part: plan.parts === 2 && this.#world.toss() ? 1 : 0, seen: [] };
  }

  /** A use that fails stays a use: what the coin said counts, never what came of it. */
  #use(): void {
    this.#uses.push(this.#world.now());
    void this.#world.use().then((answer) => {
      if (answer === 'rejected') this.#isRejected = true;
      if (answer === 'limited') this.#pace.limited(this.#world.now());
      if (answer === 'unknown') this.#pace.failed();
    });
  }

  #look(): Look {
    const look: Look = {};
    void this.#world.list().then((listing) => {
      look.listing = listing;
    });
    return look;
  }

  /**
   * Takes the look that was sent last, if it is answered. At the next look at the latest (`isDue`), whatever the coin:
   * an answer that is not there by then is a look that failed.
   *
   * @returns how the experiment ended, if it did
   */
  #take(plan: Plan, slotsLeft: number, isDue: boolean): Ended | undefined {
    if (this.#sent !== undefined && (isDue || this.#sent.look?.listing !== undefined)) {
      const { look, slot } = this.#sent;
      this.#sent = undefined;
      slot.seen.push(this.#read(look));
      if (slot.seen.length === plan.parts) {
        this.#experiment.add(slot);
        if (this.#experiment.named() !== undefined) return 'found';
        if (!this.#options.goesOn && this.#experiment.isFutile(slotsLeft)) return 'futile';
      }
    }
    if (this.#isRejected) return 'rejected';
    if (this.#options.signal?.aborted) return 'stopped';
    return this.#pace.isFailing ? 'failing' : undefined;
  }

  #read(look: Look | undefined): Values | null {
    if (look === undefined) return null;
    const { listing } = look;
    if (listing?.ok === true) {
      this.#lastSeen = this.#valuesOf(listing.lastUsed);
      return this.#lastSeen;
    }
    if (listing?.isLimited) this.#pace.limited(this.#world.now(), listing.retryAfterMs);
    else this.#pace.failed();
    return null;
  }

  #valuesOf(lastUsed: ReadonlyMap<string, number | null>): Values {
    return this.#experiment.candidates.map((id) => lastUsed.get(id) ?? null);
  }
}
