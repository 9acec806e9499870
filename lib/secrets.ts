import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import * as z from 'zod/mini';
import { type AwsEnvironment, Sha256 } from './aws.ts';
import { sdkTransport } from './aws-transport.ts';
import { parseJson } from './json.ts';
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

/** @param options.withinMs how long one read may take, with all its attempts */
export function secretsManager(aws: AwsEnvironment, { withinMs = 6_000 } = {}): ReadSecret {
  const endpoint = aws.endpoint('SECRETS_MANAGER');
  const client = new SecretsManagerClient({
    region: aws.region,
    credentials: aws.credentials,
    maxAttempts: 4,
    requestHandler: sdkTransport(2_500),
    sha256: Sha256,
    // What is given here is not looked for in files, which Lambda does not have; esbuild.config.cjs leaves that out.
    retryMode: 'standard',
    defaultsMode: 'standard',
    useDualstackEndpoint: false,
    useFipsEndpoint: false,
    defaultUserAgentProvider: async () => [['devin-key-revoker']],
    ...(endpoint === undefined ? { ignoreConfiguredEndpointUrls: true } : { endpoint }),
  });
  return async (id, stage = 'AWSCURRENT') => {
    try {
      const command = new GetSecretValueCommand({ SecretId: id, VersionStage: stage });
      const answer = await client.send(command, { abortSignal: AbortSignal.timeout(withinMs) });
      if (answer.SecretString === undefined) throw new SecretError(id, 'malformed', 'holds no text');
      return answer.SecretString;
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
