import { createCipheriv, createDecipheriv, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { type AwsCredentials, signatureProblem } from './aws-signature.ts';
import { type SandboxAnswer, type SandboxRequest, startServer } from './http-server.ts';

export type Kms = Awaited<ReturnType<typeof startKms>>;

/**
 * A stand-in for AWS KMS with one asymmetric signing key (ECC_NIST_P256): Sign and GetPublicKey; and one symmetric key:
 * Encrypt, GenerateDataKey and Decrypt.
 */
export async function startKms(
  options: { latencyMs?: number; credentials?: AwsCredentials | undefined } = {},
) {
  const keyArn = 'arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555';
  const sealingKeyArn = 'arn:aws:kms:us-east-1:123456789012:key/66666666-7777-8888-9999-000000000000';
  const symmetric = symmetricKey();
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const server = await startServer({
    knobs: { latencyMs: options.latencyMs ?? 0 },
    describe: (request) => ({ operation: operationOf(request) }),
    refuse: (status) => json(status, { __type: 'KMSInternalException' }),
    handle: (request) => {
      const problem = signatureProblem(request, 'kms', options.credentials);
      if (problem !== undefined) return json(400, { __type: 'InvalidSignatureException', message: problem });
      const input = JSON.parse(request.body.toString());
      if (input.KeyId === sealingKeyArn) return symmetric.answer(operationOf(request), input);
      if (input.KeyId !== keyArn) return json(400, { __type: 'NotFoundException' });
      switch (operationOf(request)) {
        case 'Sign':
          if (input.MessageType !== 'RAW' || Buffer.byteLength(input.Message, 'base64') > 4096) {
            return json(400, { __type: 'ValidationException' });
          }
          return json(200, {
            KeyId: keyArn,
            SigningAlgorithm: 'ECDSA_SHA_256',
            Signature: sign('sha256', Buffer.from(input.Message, 'base64'), privateKey).toString('base64'),
          });
        case 'GetPublicKey':
          return json(200, {
            KeyId: keyArn,
            KeySpec: 'ECC_NIST_P256',
            PublicKey: publicKey.export({ type: 'spki', format: 'der' }).toString('base64'),
          });
        default:
          return json(400, { __type: 'UnknownOperationException' });
      }
    },
  });
  return Object.assign(server, {
    keyArn,
    sealingKeyArn,
    /** As KMS rotates the symmetric key: what was sealed before is still opened. */
    rotate: symmetric.rotate,
    publicKeyPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  });
}

type Symmetric = { EncryptionContext?: Record<string, string>; Plaintext?: string; CiphertextBlob?: string };

/** What KMS does with a symmetric key: its ciphertext opens under the same encryption context alone. */
function symmetricKey() {
  // The newest first; the others open what they sealed.
  const keys = [randomBytes(32)];
  const bound = (context: Record<string, string> = {}) =>
    Buffer.from(JSON.stringify(Object.entries(context).sort()));

  function seal(text: Buffer, context?: Record<string, string>): string {
    const nonce = randomBytes(12);
    const [key = randomBytes(32)] = keys;
    const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(bound(context));
    const sealed = Buffer.concat([cipher.update(text), cipher.final()]);
    return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64');
  }

  function open(blob: string, context?: Record<string, string>): Buffer | undefined {
    return keys.map((key) => openWith(key, blob, context)).find((text) => text !== undefined);
  }

  function openWith(key: Buffer, blob: string, context?: Record<string, string>): Buffer | undefined {
    try {
      const bytes = Buffer.from(blob, 'base64');
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12), { authTagLength: 16 });
      decipher.setAAD(bound(context)).setAuthTag(bytes.subarray(12, 28));
      return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]);
    } catch {
      return undefined;
    }
  }

  return {
    rotate: (): void => {
      keys.unshift(randomBytes(32));
    },
    answer(operation: string, { CiphertextBlob = '', EncryptionContext, Plaintext = '' }: Symmetric) {
      switch (operation) {
        case 'Encrypt': {
          const text = Buffer.from(Plaintext, 'base64');
          if (text.length > 4_096) return json(400, { __type: 'ValidationException' });
          return json(200, { CiphertextBlob: seal(text, EncryptionContext) });
        }
        case 'GenerateDataKey': {
          const plain = randomBytes(32);
          const blob = seal(plain, EncryptionContext);
          return json(200, { CiphertextBlob: blob, Plaintext: plain.toString('base64') });
        }
        case 'Decrypt': {
          const text = open(CiphertextBlob, EncryptionContext);
          if (text === undefined) return json(400, { __type: 'InvalidCiphertextException' });
          return json(200, { Plaintext: text.toString('base64') });
        }
        default:
          return json(400, { __type: 'UnknownOperationException' });
      }
    },
  };
}

const operationOf = (request: SandboxRequest) =>
  /^TrentService\.(\w+)$/.exec(String(request.headers['x-amz-target'] ?? ''))?.[1] ?? 'unknown';

const json = (status: number, body: object): SandboxAnswer => ({
  status,
  headers: { 'content-type': 'application/x-amz-json-1.1' },
  body: JSON.stringify(body),
});
