import { GetPublicKeyCommand, KMSClient, SignCommand } from '@aws-sdk/client-kms';
import type { AwsEnvironment } from './environment.ts';
import { abortAt, sdkOptions } from './sdk-options.ts';

/** The asymmetric key that signs digests. The private half never leaves KMS. Deadlines are epoch milliseconds. */
export interface SigningKey {
  /** @param text at most 4,096 bytes @returns the signature, ASN.1 DER, in base64; and the key's ARN */
  sign(text: string, options: { readonly deadline: number }): Promise<{ signature: string; keyId: string }>;
  /** @returns SubjectPublicKeyInfo, DER */
  publicKey(options: { readonly deadline: number }): Promise<Buffer>;
}

/** A signing key by the SDK's client. Its calls throw the client's own errors. */
export function clientKey(aws: AwsEnvironment, keyId: string, algorithm: 'ECDSA_SHA_256'): SigningKey {
  const client = new KMSClient(sdkOptions(aws, 'KMS', { attempts: 6, timeoutMs: 5_000 }));
  return {
    async sign(text, { deadline }) {
      const command = new SignCommand({
        KeyId: keyId,
        Message: Buffer.from(text),
        MessageType: 'RAW',
        SigningAlgorithm: algorithm,
      });
      const answer = await client.send(command, abortAt(deadline));
      const signature = Buffer.from(required(answer.Signature)).toString('base64');
      return { keyId: required(answer.KeyId), signature };
    },
    async publicKey({ deadline }) {
      const answer = await client.send(new GetPublicKeyCommand({ KeyId: keyId }), abortAt(deadline));
      return Buffer.from(required(answer.PublicKey));
    },
  };
}

/** The SDK's types have every field of an answer optional. */
function required<T>(value: T | undefined): T {
  if (value === undefined) throw new TypeError('the answer is incomplete');
  return value;
}
