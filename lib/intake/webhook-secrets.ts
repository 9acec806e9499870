import * as z from 'zod/mini';
import { type ReadSecret, SecretError } from '../aws/secrets.ts';
import { ConfigError } from '../platform/config.ts';
import { parseJson } from '../platform/parse-json.ts';

/** The secrets that a delivery may be signed with, kept while the container is warm. */
export interface WebhookSecrets {
  /**
   * Whether `check` accepts the current secret, or the previous one, which is read only for a delivery that the current
   * one did not sign. When it accepts neither, both are read afresh, since they may have been rotated.
   *
   * @throws {SecretError} when it can not be decided, since a secret could not be read
   * @throws {ConfigError} when the current secret is empty
   */
  accept(check: Check): Promise<boolean>;
}

/** Whether a delivery is signed with the secret. */
type Check = (secret: string) => boolean;

const Named = z.object({ github: z.optional(z.string()) });

// Unsigned requests must not turn into as many calls of Secrets Manager.
const REREAD_AFTER_MS = 30_000;

interface Known {
  readonly current: Promise<string>;
  /** Empty when there is none. */
  previous?: Promise<string>;
}

export function webhookSecrets(read: ReadSecret, secretId: string): WebhookSecrets {
  let known: Known | undefined;
  let readAt = 0;

  function reload(): Known {
    readAt = Date.now();
    const before = known;
    const fresh = { current: readCurrent(read, secretId) };
    known = fresh;
    // What was known still is, though it could not be read again.
    fresh.current.catch(() => {
      if (known === fresh) known = before;
    });
    return fresh;
  }

  async function judge(held: Known, check: Check): Promise<boolean | { failure: unknown }> {
    if (check(await held.current)) return true;
    held.previous ??= readPrevious(read, secretId);
    try {
      const previous = await held.previous;
      return previous !== '' && check(previous);
    } catch (failure) {
      return { failure };
    }
  }

  return {
    async accept(check) {
      const isFresh = known === undefined;
      let verdict = await judge(known ?? reload(), check);
      const isStale = !isFresh && Date.now() - readAt >= REREAD_AFTER_MS;
      if (verdict !== true && isStale) verdict = await judge(reload(), check);
      if (typeof verdict !== 'boolean') throw verdict.failure;
      return verdict;
    },
  };
}

async function readCurrent(read: ReadSecret, secretId: string): Promise<string> {
  const secret = githubSecret(await read(secretId, 'AWSCURRENT'));
  if (secret === '') throw new ConfigError(`the webhook secret in ${secretId} is empty`);
  return secret;
}

async function readPrevious(read: ReadSecret, secretId: string): Promise<string> {
  try {
    return githubSecret(await read(secretId, 'AWSPREVIOUS'));
  } catch (error) {
    // There is no previous version before the first rotation.
    if (error instanceof SecretError && error.code === 'ResourceNotFoundException') return '';
    throw error;
  }
}

/** The secret itself, or `github` of a JSON object. Empty counts as none, since anybody could sign with it. */
function githubSecret(value: string): string {
  const named = value.trimStart().startsWith('{') ? parseJson(value, Named) : undefined;
  const secret = named === undefined ? value : (named.github ?? '');
  // `echo … | aws secretsmanager put-secret-value` leaves a line break that nobody signs with.
  return secret.trim() === '' ? '' : secret.replace(/\r?\n$/, '');
}
