/** Whose code runs in a step: a container of a function, or the world around it. */
export interface Actor {
  /** Milliseconds by which its clock is ahead of the world's. */
  readonly clockOffset: number;
  readonly env: Readonly<Record<string, string>>;
  /** What it prints. */
  write(text: string): void;
  /** Runs something for it after some milliseconds. */
  schedule(ms: number, run: () => void): Timer;
}

/** What is still to happen; `cancelled` ones are skipped. */
export interface Timer {
  readonly at: number;
  readonly order: number;
  readonly actor: Actor;
  readonly run: () => void;
  cancelled: boolean;
}

/**
 * One event after the other, in the order of virtual time. Between two of them every promise that can go on has gone on,
 * so that a seed gives one story.
 */
export class Scheduler {
  /** Milliseconds since the world began. */
  now = 0;
  /** Who runs now. */
  actor: Actor | undefined;
  steps = 0;
  /** When it began, epoch milliseconds. */
  readonly epoch: number;
  #order = 0;
  readonly #heap: Timer[] = [];

  constructor(epoch: number) {
    this.epoch = epoch;
  }

  at(time: number, actor: Actor, run: () => void): Timer {
    const timer = { at: Math.max(time, this.now), order: this.#order++, actor, run, cancelled: false };
    this.#push(timer);
    return timer;
  }

  /** @returns whether there was something to do */
  async step(): Promise<boolean> {
    const next = this.#pop();
    if (next === undefined) return false;
    if (next.cancelled) return true;
    this.now = next.at;
    this.steps += 1;
    await this.as(next.actor, next.run);
    return true;
  }

  /** Runs something, and all that follows from it at this moment, in the name of somebody. */
  async as(actor: Actor, run: () => void): Promise<void> {
    this.actor = actor;
    run();
    await new Promise((resolve) => setImmediate(resolve));
    this.actor = undefined;
  }

  #push(timer: Timer): void {
    const heap = this.#heap;
    let index = heap.push(timer) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!isBefore(heap[index]!, heap[parent]!)) return;
      [heap[index], heap[parent]] = [heap[parent]!, heap[index]!];
      index = parent;
    }
  }

  #pop(): Timer | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    heap[0] = last;
    for (let index = 0; ; ) {
      const left = 2 * index + 1;
      if (left >= heap.length) return first;
      const right = left + 1;
      const child = right < heap.length && isBefore(heap[right]!, heap[left]!) ? right : left;
      if (!isBefore(heap[child]!, heap[index]!)) return first;
      [heap[index], heap[child]] = [heap[child]!, heap[index]!];
      index = child;
    }
  }
}

function isBefore(a: Timer, b: Timer): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
