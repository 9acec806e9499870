import type { Outcome } from '../domain/outcome.ts';

/** Who writes the record: this function's run. */
export interface AuditContext {
  readonly account?: string;
  readonly region: string;
  /** Of the invocation. */
  readonly requestId: string;
  /** How often the report was delivered so far, this time included. */
  readonly attempt: number;
}

/** The event that a record is about. */
export type AuditEntry =
  | {
      readonly kind: 'intent';
      readonly key: { service_user_id: string; api_key_id?: string };
      /** Epoch milliseconds: the DELETE of the key is on its way. */
      readonly deleteSentAt?: number;
    }
  | {
      readonly kind: 'attempt' | 'rehearsal' | 'outcome';
      readonly outcome: Outcome;
      readonly intentStored: boolean;
    }
  | { readonly kind: 'alert'; readonly outcome: Outcome & { alert: NonNullable<Outcome['alert']> } };
