/** How others use a key. */
export type Traffic =
  | { kind: 'idle' }
  /** at random moments, so many a second on average */
  | { kind: 'random'; perSecond: number }
  /** by a timetable, each use late by up to `jitter` seconds */
  | { kind: 'periodic'; everySeconds: number; jitter?: number };

/** How the API writes `last_used_at`. In seconds. */
export type Recording = {
  /** until a use shows */
  lag?: number;
  /** random seconds on top of it, for each use anew */
  lagSpread?: number;
  /** the share of uses that is stored */
  stored?: number;
  /** a use is not stored while the stored one is younger than this */
  throttle?: number;
  /** times are cut to this, default 1 */
  granularity?: number;
  /** the clock of the values against ours: that of one node, drawn for each use */
  skews?: number[];
  /** what shows last is kept, though it be older */
  keepsLast?: boolean;
};

/** A key with its traffic and its record. Moments are epoch milliseconds, and only go forward. */
export class SimulatedKey {
  readonly #recording: Recording;
  readonly #random: () => number;
  readonly #traffic: Traffic;
  #planned: number;
  #next: number;
  #stored = Number.NEGATIVE_INFINITY;
  #value: number | null = null;
  #pending: { shows: number; value: number }[] = [];
  /** uses by others before this moment do not take place */
  heldUntil = 0;

  constructor(traffic: Traffic, recording: Recording, begin: number, random: () => number) {
    this.#traffic = traffic;
    this.#recording = recording;
    this.#random = random;
    this.#planned = begin - 70_000;
    if (traffic.kind === 'periodic') this.#planned -= random() * traffic.everySeconds * 1_000;
    if (random() < 0.7) this.#value = Math.floor(begin / 1_000 - 100 - random() * 1e6);
    this.#next = this.#draw();
  }

  /** A use by others or by us. */
  use(at: number): void {
    this.#advance(at);
    this.#store(at);
  }

  /** What the listing shows: UNIX seconds. */
  read(at: number): number | null {
    this.#advance(at);
    const due = this.#pending.filter(({ shows }) => shows <= at);
    if (due.length > 0) {
      this.#pending = this.#pending.filter(({ shows }) => shows > at);
      if (this.#recording.keepsLast) due.sort((a, b) => a.shows - b.shows);
      for (const { value } of due) this.#write(value);
    }
    return this.#value;
  }

  #advance(to: number): void {
    while (this.#next <= to) {
      if (this.#next >= this.heldUntil) this.#store(this.#next);
      this.#next = this.#draw();
    }
  }

  #draw(): number {
    switch (this.#traffic.kind) {
      case 'idle':
        return Number.POSITIVE_INFINITY;
      case 'random':
        this.#planned -= (Math.log(1 - this.#random()) / this.#traffic.perSecond) * 1_000;
        return this.#planned;
      case 'periodic': {
        const { everySeconds, jitter = 0 } = this.#traffic;
        this.#planned += everySeconds * 1_000;
        return this.#planned + (jitter > 0 ? this.#random() * jitter * 1_000 : 0);
      }
      default:
        return this.#traffic satisfies never;
    }
  }

  #store(at: number): void {
    const { granularity = 1, lag = 0, lagSpread = 0, skews, stored = 1, throttle = 0 } = this.#recording;
    if (stored < 1 && this.#random() >= stored) return;
    if (at - this.#stored < throttle * 1_000) return;
    this.#stored = at;
    const skew = skews === undefined ? 0 : skews[Math.floor(this.#random() * skews.length)]!;
    const value = Math.floor((at / 1_000 + skew) / granularity) * granularity;
    if (lag + lagSpread === 0) this.#write(value);
    else this.#pending.push({ shows: at + (lag + this.#random() * lagSpread) * 1_000, value });
  }

  #write(value: number): void {
    if (this.#recording.keepsLast || value > (this.#value ?? 0)) this.#value = value;
  }
}
