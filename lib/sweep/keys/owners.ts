import * as z from 'zod/mini';
import type { AuditStore } from '../../aws/write-once-bucket.ts';
import { log } from '../../platform/log.ts';
import { parseJson } from '../../platform/parse-json.ts';
import type { RetryOptions } from '../../platform/retry.ts';
import type { NotifyOwner } from './deps.ts';

/** By the id or the name of a service user: a mail address, or a Slack channel such as `#deploys` or `C0123456789`. */
export const Owners = z.record(
  z.string(),
  z
    .string()
    .check(z.regex(/^(?:[^\s@<>,;]+@[^\s@<>,;]+|#[^\s#]{1,80}|[CG][A-Z0-9]{8,20})$/, 'is no address')),
);
export type Owners = z.infer<typeof Owners>;

/** The owners themselves, or the key of the object of the audit bucket that holds them. */
export type OwnersSource =
  | { readonly kind: 'inline'; readonly owners: Owners }
  | { readonly kind: 'object'; readonly key: string };

const OBJECT = /^owners\/[A-Za-z0-9_.-]{1,200}\.json$/;

/** @returns `undefined` when it is neither */
export function readOwnersSource(value: string): OwnersSource | undefined {
  if (OBJECT.test(value)) return { kind: 'object', key: value };
  const owners = parseJson(value, Owners);
  return owners && { kind: 'inline', owners };
}

/** Sends one message. @returns whether it went out; `undefined` when this way is not set up */
export type SendTo = (address: string, subject: string, text: string) => Promise<boolean>;

export interface OwnerWays {
  readonly mail: SendTo | undefined;
  readonly slack: SendTo | undefined;
}

/** Finds the owner of a service user and sends to it. Without an owner, the topic alone is notified. */
export function ownerNotifier(
  source: OwnersSource | undefined,
  store: Pick<AuditStore, 'get'>,
  { mail, slack }: OwnerWays,
  retry: RetryOptions,
): NotifyOwner {
  let reading: Promise<Owners | undefined> | undefined;

  async function read(): Promise<Owners | undefined> {
    if (source === undefined) return {};
    if (source.kind === 'inline') return source.owners;
    const found = await store.get(source.key, retry);
    const owners = found.ok && found.text !== undefined ? parseJson(found.text, Owners) : undefined;
    if (owners === undefined) log('error', 'owners not readable', { key: source.key });
    return owners;
  }

  return async ({ service_user_id, service_user_name }, subject, text) => {
    reading ??= read();
    const owners = await reading;
    if (owners === undefined) return false;
    const named = [service_user_id, service_user_name].find((name) => Object.hasOwn(owners, name));
    const address = named === undefined ? undefined : owners[named];
    if (address === undefined) return true;
    const way = address.includes('@') ? mail : slack;
    if (way !== undefined) return way(address, subject, text);
    const setting = address.includes('@') ? 'OWNERS_FROM' : 'SLACK_TOKEN_SECRET_ID';
    log('error', 'owner not notified', { service_user_id, reason: `${setting} is not set` });
    return false;
  };
}
