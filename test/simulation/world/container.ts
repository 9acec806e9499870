import type { Actor, Scheduler, Timer } from './scheduler.ts';

type Handler = (event: unknown, context: object) => Promise<unknown>;

export type Ended =
  | { readonly how: 'answered'; readonly answer: unknown }
  | { readonly how: 'failed'; readonly error: string }
  | { readonly how: 'killed' | 'stopped' };

export interface Invocation {
  readonly requestId: string;
  readonly event: unknown;
  /** milliseconds */
  readonly timeoutMs: number;
  /** The reports that it works on. */
  readonly reports: readonly string[];
  onEnd(ended: Ended): void;
}

export interface ContainerOptions {
  readonly id: string;
  readonly name: string;
  readonly env: Readonly<Record<string, string>>;
  readonly scheduler: Scheduler;
  clockOffset(): number;
  load(): Record<string, unknown>;
  onLine(container: Container, line: string): void;
  onKilled(container: Container, why: string, operation: string): void;
}

/** An execution environment of a function, as Lambda keeps it: frozen between invocations, one of them at a time. */
export class Container implements Actor {
  readonly id: string;
  readonly name: string;
  readonly env: Readonly<Record<string, string>>;
  /** What its invocation printed. */
  lines: string[] = [];
  invocation: (Invocation & { readonly deadline: number }) | undefined;
  isDead = false;
  readonly #options: ContainerOptions;
  #handler: Handler | undefined;
  #parked: (() => void)[] = [];
  #stop: Timer | undefined;

  constructor(options: ContainerOptions) {
    this.#options = options;
    this.id = options.id;
    this.name = options.name;
    this.env = options.env;
  }

  get clockOffset(): number {
    return this.#options.clockOffset();
  }

  get isFrozen(): boolean {
    return this.invocation === undefined;
  }

  write(text: string): void {
    if (this.isDead) return;
    for (const line of text.split('\n')) {
      if (line === '') continue;
      this.lines.push(line);
      this.#options.onLine(this, line);
    }
  }

  /** What is due while it is frozen happens when it is thawed. */
  schedule(ms: number, run: () => void): Timer {
    const { scheduler } = this.#options;
    return scheduler.at(scheduler.now + ms, this, () => {
      if (this.isDead) return;
      if (this.isFrozen) this.#parked.push(run);
      else run();
    });
  }

  /** Begins in a step of its own. */
  invoke(invocation: Invocation): void {
    const { scheduler } = this.#options;
    const deadline = scheduler.now + invocation.timeoutMs;
    this.invocation = { ...invocation, deadline };
    this.lines = [];
    this.#stop = scheduler.at(deadline, this, () => {
      if (!this.isDead) this.#end({ how: 'stopped' });
    });
    scheduler.at(scheduler.now, this, () => {
      if (!this.isDead) this.#begin(invocation, deadline);
    });
  }

  kill(why: string, operation: string): void {
    if (this.isDead) return;
    this.#options.onKilled(this, why, operation);
    this.#end({ how: 'killed' });
  }

  #begin(invocation: Invocation, deadline: number): void {
    const { scheduler } = this.#options;
    const parked = this.#parked;
    this.#parked = [];
    for (const run of parked) run();
    const context = {
      functionName: this.name,
      invokedFunctionArn: `arn:aws:lambda:us-east-1:123456789012:function:${this.name}`,
      awsRequestId: invocation.requestId,
      getRemainingTimeInMillis: () => Math.max(0, deadline - scheduler.now),
    };
    this.#handler ??= this.#options.load().handler as Handler;
    const isThis = () => !this.isDead && this.invocation?.requestId === invocation.requestId;
    this.#handler(JSON.parse(JSON.stringify(invocation.event)), context).then(
      (answer) => isThis() && this.#end({ how: 'answered', answer }),
      (error: unknown) =>
        isThis() && this.#end({ how: 'failed', error: error instanceof Error ? error.name : 'error' }),
    );
  }

  #end(ended: Ended): void {
    const { invocation } = this;
    this.invocation = undefined;
    if (this.#stop !== undefined) this.#stop.cancelled = true;
    if (ended.how === 'killed' || ended.how === 'stopped') this.isDead = true;
    invocation?.onEnd(ended);
  }
}
