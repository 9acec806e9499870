/** What an experiment does to the world; in the simulation, a simulated one. No call may throw. */
export interface World {
  /**
   * Uses the token once, without a retry. `rejected`: it was answered 401. `limited`: 429. `unknown`: any other answer
   * that is no success, or none.
   */
  use(): Promise<'accepted' | 'rejected' | 'limited' | 'unknown'>;
  /** Reads the complete listing once, without a retry. */
  list(): Promise<Listing>;
  /** Epoch milliseconds. */
  now(): number;
  /** Resolves at that moment, at once when it is past, or when the signal aborts; never rejects. */
  sleepUntil(ms: number, signal: AbortSignal | undefined): Promise<void>;
  /** A fair coin that nobody can predict. */
  toss(): boolean;
}

export type Listing =
  | {
      readonly ok: true;
      /** UNIX seconds, by key. */
      readonly lastUsed: ReadonlyMap<string, number | null>;
      /** Epoch seconds by the `Date` header. */
      readonly apiSecond?: number | undefined;
    }
  /** `isLimited`: it was answered 429. */
  | { readonly ok: false; readonly isLimited: boolean; readonly retryAfterMs?: number | undefined };
