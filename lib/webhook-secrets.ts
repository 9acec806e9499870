import * as z from 'zod/mini';
import { ConfigError } from './config.ts';
import { parseJson } from './json.ts';
import { type ReadSecret, SecretError } from './secrets.ts';

/** The secrets that a delivery may be signed with, kept while the container is warm. */
export interface WebhookSecrets {
  /**
   * Whether `check` accepts the current or the previous secret, reading both afresh when it accepts neither, since
   * they may have been rotated.
   *
   * @throws {SecretError} when it can not be decided, since a secret could not be read
   * @throws {ConfigError} when a secret is empty
   */
  accept(check: (secrets: readonly string[]) => boolean): Promise<boolean>;
}

const Named = z.object({ github: z.optional(z.string()) });

// Unsigned requests must not turn into as many calls of Secrets Manager.
const REREAD_AFTER_MS = 30_000;

export function webhookSecrets(read: ReadSecret, secretId: string): WebhookSecrets {
  let cached: Promise<Known> | undefined;
  let readAt = 0;

  async function load(): Promise<Known> {
    const [current, previous] = await Promise.allSettled([
      read(secretId, 'AWSCURRENT'),
      read(secretId, 'AWSPREVIOUS'),
    ]);
    if (current.status === 'rejected') throw current.reason;
    const secret = githubSecret(current.value);
    if (secret === '') throw new ConfigError(`the webhook secret in ${secretId} is empty`);
    if (previous.status === 'rejected') {
      const { reason } = previous;
      // There is no previous version before the first rotation.
      const isNone = reason instanceof SecretError && reason.code === 'ResourceNotFoundException';
      return { secrets: [secret], ...(!isNone && { failure: reason }) };
    }
    return { secrets: [secret, githubSecret(previous.value)].filter((text) => text !== '') };
  }

  function reload(): Promise<Known> {
    readAt = Date.now();
    const before = cached;
    const loading = load();
    cached = loading;
    // What was known still is, though it could not be read again.
    loading.catch(() => {
      if (cached === loading) cached = before;
    });
    return loading;
  }

  return {
    async accept(check) {
      const isFresh = cached === undefined;
      let known = await (cached ?? reload());
      if (check(known.secrets)) return true;
      if (!isFresh && Date.now() - readAt >= REREAD_AFTER_MS) {
        known = await reload();
        if (check(known.secrets)) return true;
      }
      if (known.failure !== undefined) throw known.failure;
      return false;
    },
  };
}

interface Known {
  readonly secrets: readonly string[];
  /** Why the previous secret could not be read, so that only a current signature can be judged. */
  readonly failure?: unknown;
}

/** The secret itself, or `github` of a JSON object. Empty counts as none, since anybody could sign with it. */
function githubSecret(value: string): string {
  const named = value.trimStart().startsWith('{') ? parseJson(value, Named) : undefined;
  const secret = named === undefined ? value : (named.github ?? '');
  // `echo … | aws secretsmanager put-secret-value` leaves a line break that nobody signs with.
  return secret.trim() === '' ? '' : secret.replace(/\r?\n$/, '');
}
