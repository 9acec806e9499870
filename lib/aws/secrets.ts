import * as z from 'zod/mini';
import { parseJson } from '../platform/parse-json.ts';
import type { AwsAnswer } from './call-aws.ts';
import type { AwsEnvironment } from './environment.ts';
import { requestSecret, type SecretVersion } from './request-secret.ts';

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

/**
 * Reads one version of a secret from AWS Secrets Manager.
 *
 * @throws {SecretError}
 */
export type ReadSecret = (id: string, stage?: SecretVersion['stage']) => Promise<string>;

/**
 * The first attempt is one signed request. Unless its answer is the secret, or that there is no such version, the SDK's
 * client is loaded and asks again: what to retry, and when, is its decision.
 *
 * @param options.withinMs milliseconds that one read may take, with all its attempts
 * @param options.early the answer to a request of this version that was sent before, if there is one
 */
export function secretsManager(
  aws: AwsEnvironment,
  {
    early,
    withinMs = 6_000,
  }: {
    early?: (version: SecretVersion) => Promise<AwsAnswer> | undefined;
    withinMs?: number;
  } = {},
): ReadSecret {
  return async (id, stage = 'AWSCURRENT') => {
    const version = { id, stage };
    const end = Date.now() + withinMs;
    const answer = await (early?.(version) ?? requestSecret(aws, version, Math.min(withinMs, 2_500)));
    return readAnswer(id, answer) ?? readAgain(aws, version, end - Date.now());
  };
}

const Value = z.object({ SecretString: z.optional(z.string()) });
const Failure = z.object({ __type: z.string() });

/** @returns `undefined` when the answer is not final @throws {SecretError} */
function readAnswer(id: string, answer: AwsAnswer): string | undefined {
  if (answer.status === 200) {
    const value = parseJson(answer.body, Value);
    return value && textOf(id, value.SecretString);
  }
  // The name may have a namespace before it.
  const name = parseJson(answer.body, Failure)?.__type.split('#').at(-1);
  if (name === 'ResourceNotFoundException') throw unreadable(id, name);
  return undefined;
}

async function readAgain(aws: AwsEnvironment, version: SecretVersion, withinMs: number): Promise<string> {
  const { id } = version;
  let text: string | undefined;
  try {
    const { readWithClient } = await import('./secrets-sdk.ts');
    text = await readWithClient(aws, version, { withinMs: Math.max(1, withinMs), maxAttempts: 3 });
  } catch (error) {
    throw unreadable(id, error instanceof Error ? error.name : 'unknown');
  }
  return textOf(id, text);
}

function textOf(id: string, text: string | undefined): string {
  if (text === undefined) throw new SecretError(id, 'malformed', 'holds no text');
  return text;
}

function unreadable(id: string, code: string): SecretError {
  return new SecretError(id, code, `cannot be read (${code})`);
}
