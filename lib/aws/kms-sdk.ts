import { GetPublicKeyCommand, KMSClient, SignCommand } from '@aws-sdk/client-kms';
import type { AwsEnvironment } from './environment.ts';
import type { SigningKey } from './kms.ts';
import { abortAt, sdkOptions } from './sdk-options.ts';

/** The operations of a signing key, by the SDK's client. @throws the client's own errors */
export function kmsClientKey(aws: AwsEnvironment, keyId: string, algorithm: 'ECDSA_SHA_256'): SigningKey {
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

/** The SDK's types leave every field of an answer open. */
function required<T>(value: T | undefined): T {
  if (value === undefined) throw new TypeError('the answer is incomplete');
  return value;
}
