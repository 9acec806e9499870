import type { AwsEnvironment } from './environment.ts';
import { sdkErrorCode } from './sdk-options.ts';

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

/** Epoch milliseconds after which the call is given up. */
interface Within {
  readonly deadline: number;
}

/** The asymmetric key that signs digests. The private half never leaves KMS. */
export interface SigningKey {
  /** @param text at most 4,096 bytes @returns the signature, ASN.1 DER, in base64; and the key's ARN */
  sign(text: string, within: Within): Promise<{ signature: string; keyId: string }>;
  /** @returns SubjectPublicKeyInfo, DER */
  publicKey(within: Within): Promise<Buffer>;
}

export const SIGNING_ALGORITHM = 'ECDSA_SHA_256';

/** https://docs.aws.amazon.com/kms/latest/APIReference/API_Sign.html. Its calls throw {@link KmsError}. */
export function kmsKey(aws: AwsEnvironment, keyId: string): SigningKey {
  let loaded: Promise<SigningKey> | undefined;
  async function call<T>(operation: string, use: (key: SigningKey) => Promise<T>): Promise<T> {
    loaded ??= import('./kms-sdk.ts').then(({ kmsClientKey }) => kmsClientKey(aws, keyId, SIGNING_ALGORITHM));
    const key = await loaded;
    try {
      return await use(key);
    } catch (error) {
      throw new KmsError(operation, sdkErrorCode(error));
    }
  }
  return {
    sign: (text, within) => call('Sign', (key) => key.sign(text, within)),
    publicKey: (within) => call('GetPublicKey', (key) => key.publicKey(within)),
  };
}
