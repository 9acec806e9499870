import * as z from 'zod/mini';
import { type ReadSecret, SecretError } from '../aws/secrets.ts';
import { ConfigError } from '../platform/config.ts';
import { parseJson } from '../platform/parse-json.ts';
import { tokenBucket } from './token-bucket.ts';

/** The secrets that a delivery may be signed with, kept for a minute while the container is warm. */
export interface WebhookSecrets {
  /**
   * Whether `check` accepts the current secret of this name, or the previous one, which is read only for a delivery that the current
   * one did not sign. What is known is read again when it is a minute old, and at once for a delivery that it did not
   * sign: a rotation loses no delivery. Reads are limited, since anybody can send unsigned deliveries. While such a flood
   * uses them up, a secret that was rotated in less than a second ago is not known yet.
   *
   * @throws {SecretError} when a secret that decides it could not be read
   * @throws {ConfigError} when the current version holds no secret of any name
   */
  accept(check: Check, name?: SecretName): Promise<boolean>;
}

/** Whether a delivery is signed with the secret. Within this file, with that of a name in a version of all of them. */
type Check = (secret: string) => boolean;

const secret = z.optional(z.string());
const Named = z.object({ github: secret, standard: secret, gitlab: secret });
export type SecretName = keyof z.infer<typeof Named>;
const NAMES = ['github', 'standard', 'gitlab'] as const;

/** A secret that was rotated away twice is refused after this time, even by a container that is never idle. */
const MAX_AGE_MS = 60_000;
/** Of both versions together. */
const REREADS = { burst: 3, intervalMs: 1_000 };

interface Known {
  /** Epoch milliseconds. */
  readonly readAt: number;
  readonly current: Promise<string>;
  /** Empty when there is none. */
  previous?: Promise<string>;
  /** Why it could not be read again since. */
  failure?: unknown;
}

type Verdict =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'refused' }
  /** Refused, and what is held as the current secret is the previous one by now. */
  | { readonly kind: 'outdated' }
  /** `wasRead`: it was read just now, so reading again does not help. */
  | { readonly kind: 'failed'; readonly error: unknown; readonly wasRead: boolean };

export function webhookSecrets(read: ReadSecret, secretId: string): WebhookSecrets {
  const rereads = tokenBucket(REREADS);
  let known: Known | undefined;

  function reload(): Known {
    const before = known;
    const fresh = { readAt: Date.now(), current: readCurrent(read, secretId) };
    known = fresh;
    // What was known before is better than nothing.
    fresh.current.catch((error) => {
      if (known !== fresh || before === undefined) return;
      before.failure = error;
      known = before;
    });
    return fresh;
  }

  async function judge(held: Known, check: Check): Promise<Verdict> {
    let wasRead = false;
    try {
      const current = await held.current;
      if (check(current)) return { kind: 'accepted' };
      wasRead = held.previous === undefined;
      held.previous ??= readPrevious(read, secretId);
      const previous = await held.previous;
      if (check(previous)) return { kind: 'accepted' };
      if (wasRead && previous === current) return { kind: 'outdated' };
      return held.failure === undefined
        ? { kind: 'refused' }
        : { kind: 'failed', error: held.failure, wasRead: false };
    } catch (error) {
      return { kind: 'failed', error, wasRead };
    }
  }

  /** Twice, if the secret is rotated between the two reads. */
  async function judgeFresh(check: Check): Promise<Verdict> {
    const verdict = await judge(reload(), check);
    return verdict.kind === 'outdated' ? judge(reload(), check) : verdict;
  }

  async function judgeKnown(held: Known, check: Check): Promise<Verdict> {
    const isOld = Date.now() - held.readAt >= MAX_AGE_MS;
    if (isOld && rereads.take()) {
      const fresh = await judgeFresh(check);
      // An outage of Secrets Manager loses no delivery that the old secrets signed.
      return fresh.kind === 'failed' && fresh.error instanceof SecretError
        ? acceptedOr(fresh, await judge(held, check))
        : fresh;
    }
    const verdict = await judge(held, check);
    switch (verdict.kind) {
      case 'accepted':
        return verdict;
      case 'outdated':
        return judgeFresh(check);
      case 'refused':
        return rereads.take() ? judgeFresh(check) : verdict;
      case 'failed':
        return !verdict.wasRead && rereads.take() ? judgeFresh(check) : verdict;
      default:
        return verdict satisfies never;
    }
  }

  return {
    async accept(check, name = 'github') {
      const ofName: Check = (value) => {
        const secret = secretOf(value, name);
        return secret !== '' && check(secret);
      };
      const verdict = await (known === undefined ? judgeFresh(ofName) : judgeKnown(known, ofName));
      if (verdict.kind === 'failed') throw verdict.error;
      return verdict.kind === 'accepted';
    },
  };
}

function acceptedOr(otherwise: Verdict, verdict: Verdict): Verdict {
  return verdict.kind === 'accepted' ? verdict : otherwise;
}

async function readCurrent(read: ReadSecret, secretId: string): Promise<string> {
  const value = await read(secretId, 'AWSCURRENT');
  if (NAMES.some((name) => secretOf(value, name) !== '')) return value;
  throw new ConfigError(`the webhook secret in ${secretId} is empty`);
}

async function readPrevious(read: ReadSecret, secretId: string): Promise<string> {
  try {
    return await read(secretId, 'AWSPREVIOUS');
  } catch (error) {
    // There is no previous version before the first rotation.
    if (error instanceof SecretError && error.code === 'ResourceNotFoundException') return '';
    throw error;
  }
}

/** That of a name in a JSON object; text is GitHub's. Empty counts as none, since anybody could sign with it. */
export function secretOf(value: string, name: SecretName): string {
  const named = value.trimStart().startsWith('{') ? parseJson(value, Named) : undefined;
  const secret = (named ?? { github: value })[name] ?? '';
  // `echo … | aws secretsmanager put-secret-value` leaves a line break that nobody signs with.
  return secret.trim() === '' ? '' : secret.replace(/\r?\n$/, '');
}
