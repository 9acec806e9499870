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
  let cached: Promise<string[]> | undefined;
  let readAt = 0;

  async function load(): Promise<string[]> {
    const [current, previous] = await Promise.all([
      read(secretId, 'AWSCURRENT'),
      // There is no previous version before the first rotation.
      read(secretId, 'AWSPREVIOUS').catch((error) => {
        if (error instanceof SecretError && error.code === 'ResourceNotFoundException') return undefined;
        throw error;
      }),
    ]);
    const secrets = [githubSecret(current), githubSecret(previous ?? '')];
    if (secrets[0] === '') throw new ConfigError(`the webhook secret in ${secretId} is empty`);
    return secrets.filter((secret) => secret !== '');
  }

  function reload(): Promise<string[]> {
    readAt = Date.now();
    const loading = load();
    cached = loading;
    loading.catch(() => {
      if (cached === loading) cached = undefined;
    });
    return loading;
  }

  return {
    async accept(check) {
      const fresh = cached === undefined;
      if (check(await (cached ?? reload()))) return true;
      if (fresh || Date.now() - readAt < REREAD_AFTER_MS) return false;
      return check(await reload());
    },
  };
}

/** The secret itself, or `github` of a JSON object. Empty counts as none, since anybody could sign with it. */
function githubSecret(value: string): string {
  const named = value.trimStart().startsWith('{') ? parseJson(value, Named) : undefined;
  const secret = named === undefined ? value : (named.github ?? '');
  return secret.trim() === '' ? '' : secret;
}
