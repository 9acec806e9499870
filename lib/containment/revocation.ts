import type { ApiKey } from '../clients/devin-shapes.ts';
import type { Key } from '../domain/key.ts';
import type { Collateral, Deletion } from '../domain/outcome-facts.ts';
import type { ProofResult } from './prove-dead.ts';

/** A DELETE that the API accepted. */
export interface AcceptedDelete {
  /** `presumed_revoked`: no answer says so, see acceptDelete. */
  readonly answer: 'revoked' | 'already_revoked' | 'presumed_revoked';
}

/** An accepted DELETE, and what was seen of the key afterwards. */
export interface Revocation {
  readonly status: 'deleted';
  readonly key: Key;
  readonly accepted: AcceptedDelete;
  readonly deletion: Deletion;
  readonly proof: ProofResult;
  /** The key's entry in the listing, where it was read. */
  readonly entry?: ApiKey | undefined;
  /** How far the API's clock was ahead of ours at that listing, milliseconds. */
  readonly clockOffsetMs?: number;
  readonly collateral?: readonly Collateral[];
}
