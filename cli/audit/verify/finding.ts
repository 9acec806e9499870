/**
 * What verifying found. A `break` is a deviation from what this software writes: the log cannot be trusted there. `open` is
 * work that nobody finished: the log is whole, and says so. A `note` explains the verdict.
 */
export interface Finding {
  readonly level: 'break' | 'open' | 'note';
  readonly key: string;
  /** Begins with a verb: "is missing: …". */
  readonly what: string;
}

export function broken(key: string, what: string): Finding {
  return { level: 'break', key, what };
}

export function open(key: string, what: string): Finding {
  return { level: 'open', key, what };
}

export function note(key: string, what: string): Finding {
  return { level: 'note', key, what };
}
