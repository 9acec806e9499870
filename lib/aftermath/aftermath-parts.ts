import type { AuditContext } from '../audit/audit-entry.ts';
import type { Forward } from '../audit/forward-to-siem.ts';
import type { ListObjects } from '../aws/list-objects.ts';
import type { Notify } from '../aws/sns.ts';
import type { SendMessage } from '../aws/sqs.ts';
import type { AuditStore } from '../aws/write-once-bucket.ts';
import type { Devin } from '../clients/devin.ts';
import type { AdminToken } from '../clients/devin-admin-token.ts';
import type { Aftermath } from '../domain/aftermath.ts';
import type { Token } from '../domain/token.ts';

/** What an aftermath works with. */
export interface AftermathParts {
  readonly mode: 'report' | 'terminate';
  readonly max: number;
  readonly marginHours: number;
  readonly devinUrl: string;
  /** The token of ACTIVITY_TOKEN_SECRET_ID, else the admin token. */
  readonly credential: AdminToken;
  readonly devin: Pick<Devin, 'listKeys'>;
  readonly ownServiceUsers: () => Promise<readonly string[] | undefined>;
  readonly store: AuditStore;
  readonly list: ListObjects;
  readonly forward?: Forward | undefined;
  readonly send?: SendMessage | undefined;
  readonly notify?: Notify | undefined;
  readonly context: Omit<AuditContext, 'attempt'>;
  readonly proofWindowMs: number;
  /** The token of the report, while the invocation that ended it still has it. */
  readonly known?: readonly Token[];
  /** Epoch milliseconds after which nothing new is tried. */
  readonly deadline: number;
}

/** `again`: it goes on by a message on the queue. `lost`: it was to, and the queue did not take the message. */
export type AftermathResult =
  | { readonly status: 'recorded' | 'not_recorded'; readonly aftermath: Aftermath }
  | { readonly status: 'on_record' | 'again' | 'lost' };
