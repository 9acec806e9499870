import * as z from 'zod/mini';
import { HttpFailure } from '../platform/http.ts';
import { parseJson } from '../platform/parse-json.ts';
import { type RetryOptions, sendRetrying } from '../platform/retry.ts';
import { type AwsEnvironment, signed } from './sign-request.ts';

/** KMS did not answer as it should. */
export class KmsError extends Error {
  override readonly name = 'KmsError';
  readonly code: string;

  constructor(operation: string, code: string) {
    super(`KMS ${operation} failed (${code})`);
    this.code = code;
  }
}

/** The asymmetric key that signs digests. The private half never leaves KMS. */
export interface SigningKey {
  /** @param text 4,096 bytes at most @returns the signature, ASN.1 DER, in base64; and the key's ARN */
  sign(text: string, retry: RetryOptions): Promise<{ signature: string; keyId: string }>;
  /** @returns SubjectPublicKeyInfo, DER */
  publicKey(retry: RetryOptions): Promise<Buffer>;
}

export const SIGNING_ALGORITHM = 'ECDSA_SHA_256';

const Signed = z.object({ KeyId: z.string(), Signature: z.string() });
const PublicKey = z.object({ PublicKey: z.string() });

/** https://docs.aws.amazon.com/kms/latest/APIReference/API_Sign.html, JSON protocol */
export function kmsKey(aws: AwsEnvironment, keyId: string): SigningKey {
  const suffix = aws.region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
  const url = new URL(`${aws.endpoint('KMS') ?? `https://kms.${aws.region}.${suffix}`}/`);

  async function call<T extends z.core.$ZodType>(
    operation: string,
    input: object,
    schema: T,
    retry: RetryOptions,
  ): Promise<z.output<T>> {
    const headers = {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': `TrentService.${operation}`,
    };
    const body = JSON.stringify({ KeyId: keyId, ...input });
    try {
      const request = await signed(aws, 'kms', { method: 'POST', url, headers, body });
      const { response } = await sendRetrying(request, retry);
      const answer = response.status === 200 ? parseJson(response.body, schema) : undefined;
      if (answer === undefined) throw new KmsError(operation, `HTTP ${response.status}`);
      return answer;
    } catch (error) {
      throw error instanceof HttpFailure ? new KmsError(operation, error.code) : error;
    }
  }

  return {
    async sign(text, retry) {
      const input = {
        Message: Buffer.from(text).toString('base64'),
        MessageType: 'RAW',
        SigningAlgorithm: SIGNING_ALGORITHM,
      };
      const { KeyId, Signature } = await call('Sign', input, Signed, retry);
      return { keyId: KeyId, signature: Signature };
    },
    async publicKey(retry) {
      const answer = await call('GetPublicKey', {}, PublicKey, retry);
      return Buffer.from(answer.PublicKey, 'base64');
    },
  };
}
