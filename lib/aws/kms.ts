import type { AwsEnvironment } from './environment.ts';
import type { SigningKey } from './kms-sdk.ts';
import { sdkErrorCode } from './sdk-options.ts';

export type { SigningKey } from './kms-sdk.ts';

/** A KMS operation failed. */
export class KmsError extends Error {
  override readonly name = 'KmsError';
  /** The AWS error name, such as `NotFoundException`, or the system's code. */
  readonly code: string;

  constructor(operation: string, code: string) {
    super(`KMS ${operation} failed (${code})`);
    this.code = code;
  }
}

export const SIGNING_ALGORITHM = 'ECDSA_SHA_256';

/**
 * A key of KMS: https://docs.aws.amazon.com/kms/latest/APIReference/API_Sign.html
 * Its calls throw {@link KmsError}.
 */
export function kmsKey(aws: AwsEnvironment, keyId: string): SigningKey {
  let loaded: Promise<SigningKey> | undefined;
  async function call<T>(operation: string, use: (key: SigningKey) => Promise<T>): Promise<T> {
    try {
      loaded ??= import('./kms-sdk.ts').then(({ clientKey }) => clientKey(aws, keyId, SIGNING_ALGORITHM));
      return await use(await loaded);
    } catch (error) {
      throw new KmsError(operation, sdkErrorCode(error));
    }
  }
  return {
    sign: (text, options) => call('Sign', (key) => key.sign(text, options)),
    publicKey: (options) => call('GetPublicKey', (key) => key.publicKey(options)),
  };
}
