import { sealingKey } from '../aws/data-keys.ts';
import type { AwsEnvironment } from '../aws/environment.ts';
import type { Token } from '../domain/token.ts';
import { ConfigError } from '../platform/config.ts';
import { openToken, type SealedToken } from './sealed-token.ts';

/** What opens sealed tokens. */
export interface Sealing {
  readonly aws: AwsEnvironment;
  /** `SEALING_KEY_ID` */
  readonly keyId: string | undefined;
}

/** Milliseconds that opening a token may take. */
const OPEN_WITHIN_MS = 10_000;

/** @throws {DataKeyError | SealedTokenError | ConfigError} */
export async function openSealed(sealed: SealedToken, { aws, keyId }: Sealing): Promise<Token> {
  if (keyId === undefined) throw new ConfigError('bad configuration: SEALING_KEY_ID is not set');
  return openToken(sealed, sealingKey(aws, keyId), Date.now() + OPEN_WITHIN_MS);
}
