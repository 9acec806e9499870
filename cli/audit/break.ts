import type { KeyObject } from 'node:crypto';

/** A deviation from what this software writes. */
export interface Break {
  readonly key: string;
  readonly what: string;
}

export interface VerifyOptions {
  /** The public halves of the signing key; more than one after a change of keys. */
  readonly keys: readonly KeyObject[];
  /** Epoch milliseconds. */
  readonly now: number;
  /** The last day that must have a digest. */
  readonly until: string;
}
