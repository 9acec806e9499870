import * as z from 'zod/mini';
import { ApiKeyId, type Key, ServiceUserId } from '../../lib/domain/key.ts';
import { GitHubAlertRef } from '../../lib/domain/report.ts';
import { UsageError } from '../command/usage-error.ts';

/** How the key that leaked is named. */
export type Target =
  | { readonly kind: 'key'; readonly key: Key }
  /** The token is read from standard input. */
  | { readonly kind: 'token' }
  | { readonly kind: 'fingerprint'; readonly fingerprint: string }
  | { readonly kind: 'alert'; readonly alert: GitHubAlertRef }
  /** The one that the sandbox made up. */
  | { readonly kind: 'made_up' };

export interface TargetFlags {
  readonly serviceUser?: string;
  readonly key?: string;
  readonly token?: string;
  readonly fingerprint?: string;
  readonly alert?: string;
  readonly sandbox?: true;
}

/** Reads the one target of a command. Its messages quote no argument. @throws {UsageError} */
export function readTarget({ alert, fingerprint, key, sandbox, serviceUser, token }: TargetFlags): Target {
  const named = [serviceUser ?? key, token, fingerprint, alert].filter((one) => one !== undefined);
  if (named.length === 0 && sandbox) return { kind: 'made_up' };
  if (named.length !== 1) {
    throw new UsageError('name one of --service-user with --key, --token, --fingerprint, and --alert');
  }
  if (token !== undefined) {
    if (token !== '-') throw new UsageError('--token takes only "-": the token is read from standard input');
    return { kind: 'token' };
  }
  if (fingerprint !== undefined) {
    if (!/^[0-9a-f]{64}$/.test(fingerprint)) throw new UsageError('--fingerprint must be 64 hex digits');
    return { kind: 'fingerprint', fingerprint };
  }
  return alert === undefined ? keyTarget(serviceUser, key) : alertTarget(alert);
}

function keyTarget(serviceUser: string | undefined, key: string | undefined): Target {
  if (serviceUser === undefined) throw new UsageError('--service-user is missing');
  if (key === undefined) throw new UsageError('--key is missing');
  return {
    kind: 'key',
    key: {
      service_user_id: parsed('--service-user', ServiceUserId, serviceUser),
      api_key_id: parsed('--key', ApiKeyId, key),
    },
  };
}

function alertTarget(text: string): Target {
  const [, owner, repo, number] = /^([^/#]+)\/([^/#]+)#(\d{1,9})$/.exec(text) ?? [];
  const alert = GitHubAlertRef.safeParse({ owner, repo, number: Number(number) });
  if (!alert.success) throw new UsageError('--alert must be of the form owner/repo#42');
  return { kind: 'alert', alert: alert.data };
}

function parsed<T>(flag: string, schema: z.ZodMiniType<T>, value: string): T {
  const result = z.safeParse(schema, value);
  if (result.success) return result.data;
  throw new UsageError(`${flag} ${result.error.issues[0]?.message ?? 'is wrong'}`);
}
