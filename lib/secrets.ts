import * as z from 'zod/mini';
import type { AwsEnvironment } from './aws-environment.ts';
import { parseJson } from './json.ts';
import { secretsClient } from './secrets-client.ts';
import { devinToken, type Token } from './token.ts';

/** A secret could not be read, or does not hold what it should. The message names the secret and no part of it. */
export class SecretError extends Error {
  override readonly name = 'SecretError';
  /** The AWS error name, such as `ResourceNotFoundException`, or `malformed`. */
  readonly code: string;

  constructor(id: string, code: string, detail: string) {
    super(`secret ${id}: ${detail}`);
    this.code = code;
  }
}

export type Stage = 'AWSCURRENT' | 'AWSPREVIOUS';

/**
 * Reads one version of a secret from AWS Secrets Manager.
 *
 * @throws {SecretError}
 */
export type ReadSecret = (id: string, stage?: Stage) => Promise<string>;

export function secretsManager(aws: AwsEnvironment): ReadSecret {
  const client = secretsClient(aws);
  return async (id, stage = 'AWSCURRENT') => {
    try {
      const value = await client(id, stage);
      if (value === undefined) throw new SecretError(id, 'malformed', 'holds no text');
      return value;
    } catch (error) {
      if (error instanceof SecretError) throw error;
      const code = error instanceof Error ? error.name : 'unknown';
      throw new SecretError(id, code, `can not be read (${code})`);
    }
  };
}

const TokenSecret = z.object({ token: z.string() });

/**
 * The admin token of a secret: `cog_…` itself or JSON `{"token": "cog_…"}`.
 *
 * @throws {SecretError}
 */
export function adminToken(id: string, value: string): Token {
  const parsed = parseJson(value, TokenSecret);
  const token = devinToken(parsed?.token ?? value);
  if (token === undefined) {
    throw new SecretError(id, 'malformed', 'must be a Devin token (cog_…) or JSON {"token": "cog_…"}');
  }
  return token;
}
