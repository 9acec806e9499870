import * as z from 'zod/mini';
import { parseJson } from '../platform/parse-json.ts';
import type { RetryOptions } from '../platform/retry.ts';
import { type AwsAnswer, callAws, jsonRequest } from './call-aws.ts';
import { type AwsEnvironment, kmsUrl } from './environment.ts';

/** KMS did not do what was asked. The message holds no key and no part of the input. */
export class DataKeyError extends Error {
  override readonly name = 'DataKeyError';
  /** The AWS error name, such as `InvalidCiphertextException`, or that of the HTTP failure. */
  readonly code: string;

  constructor(operation: string, code: string) {
    super(`KMS ${operation} failed (${code})`);
    this.code = code;
  }
}

/** What a data key is bound to. It shows in CloudTrail. */
export type EncryptionContext = Readonly<Record<string, string>>;

/** The key in clear, and as KMS alone can open it again, base64. */
export interface DataKey {
  readonly plain: Buffer;
  readonly sealed: string;
}

/** A symmetric key of KMS. Its calls throw {@link DataKeyError}. */
export interface SealingKey {
  /** A new key for AES-256. https://docs.aws.amazon.com/kms/latest/APIReference/API_GenerateDataKey.html */
  generate(context: EncryptionContext, deadline: number): Promise<DataKey>;
  /**
   * Opens what KMS sealed under the same context. https://docs.aws.amazon.com/kms/latest/APIReference/API_Decrypt.html
   *
   * @param ciphertext base64
   */
  decrypt(ciphertext: string, context: EncryptionContext, deadline: number): Promise<Buffer>;
}

const Generated = z.object({ CiphertextBlob: z.string(), Plaintext: z.base64() });
const Decrypted = z.object({ Plaintext: z.base64() });
const Failure = z.object({ __type: z.string() });

/** Calls KMS with AWS's signer alone, since a cold start waits for it. A test holds the requests to those of the SDK. */
export function sealingKey(aws: AwsEnvironment, keyId: string): SealingKey {
  return {
    async generate(EncryptionContext, deadline) {
      const input = { KeyId: keyId, EncryptionContext, KeySpec: 'AES_256' };
      const body = await call(aws, 'GenerateDataKey', input, { deadline });
      const key = parseJson(body, Generated);
      if (key === undefined) throw new DataKeyError('GenerateDataKey', 'malformed');
      return { plain: Buffer.from(key.Plaintext, 'base64'), sealed: key.CiphertextBlob };
    },
    async decrypt(CiphertextBlob, EncryptionContext, deadline) {
      const body = await call(
        aws,
        'Decrypt',
        { CiphertextBlob, EncryptionContext, KeyId: keyId },
        { deadline },
      );
      const text = parseJson(body, Decrypted);
      if (text === undefined) throw new DataKeyError('Decrypt', 'malformed');
      return Buffer.from(text.Plaintext, 'base64');
    },
  };
}

async function call(
  aws: AwsEnvironment,
  operation: string,
  input: object,
  { deadline }: Pick<RetryOptions, 'deadline'>,
): Promise<string> {
  const request = {
    service: 'kms',
    url: kmsUrl(aws),
    ...jsonRequest('1.1', `TrentService.${operation}`, input),
  };
  const answer = await callAws(
    aws,
    { ...request, service: 'kms' },
    { deadline, attempts: 4, timeoutMs: 3_000 },
  );
  if (answer.status !== 200) throw new DataKeyError(operation, failureOf(answer));
  return answer.body;
}

/** The name may have a namespace before it. */
function failureOf({ body, code }: AwsAnswer): string {
  return parseJson(body, Failure)?.__type.split('#').at(-1) ?? code;
}
