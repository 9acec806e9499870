import type { ApiKey } from '../clients/devin-shapes.ts';
import type { Key } from '../domain/key.ts';
import type { Attribution } from '../domain/outcome-facts.ts';
import type { Token } from '../domain/token.ts';

/** A key that may be the leaked one, with its entry in the listing. */
export interface CandidateKey {
  readonly api_key_id: string;
  readonly entry: ApiKey;
}

/** What is to be revoked: one key, or with `revoke_all` several candidates, the most likely one first. */
export type Target = {
  readonly attribution: Attribution;
  /** Epoch seconds of the API's clock at our first use of the token. */
  readonly firstUse?: number | undefined;
} & (
  | {
      readonly kind: 'key';
      readonly key: Key;
      /** Left out when no listing was read yet. */
      readonly entry?: ApiKey | undefined;
      /** Proves the key dead; left out where only the listing can. */
      readonly token?: Token | undefined;
    }
  | {
      readonly kind: 'candidates';
      readonly service_user_id: string;
      readonly candidates: readonly CandidateKey[];
      readonly token: Token;
    }
);

export interface FoundTarget {
  readonly status: 'found';
  readonly target: Target;
}
