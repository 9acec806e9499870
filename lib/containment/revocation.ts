import type { ApiKey } from '../clients/devin.ts';
import type { Key } from '../domain/key.ts';
import type { Collateral } from '../domain/outcome.ts';
import type { ProofResult } from './prove-dead.ts';

/** A DELETE that the API accepted. */
export interface AcceptedDelete {
  /** `presumed_revoked`: no answer says so, see acceptDelete. */
  readonly answer: 'revoked' | 'already_revoked' | 'presumed_revoked';
  /** An earlier attempt of this run may have revoked the key without an answer. */
  readonly uncertain: boolean;
}

/** An accepted DELETE, and what was seen of the key afterwards. */
export interface Revocation {
  readonly status: 'deleted';
  readonly key: Key;
  readonly accepted: AcceptedDelete;
  readonly proof: ProofResult;
  /** The key's entry in the listing, where it was read. */
  readonly entry?: ApiKey | undefined;
  readonly collateral?: readonly Collateral[];
}
