import { generateKeyPairSync, sign } from 'node:crypto';
import { type AwsCredentials, signatureProblem } from './aws-signature.ts';
import { type SandboxAnswer, type SandboxRequest, startServer } from './http-server.ts';

export type Kms = Awaited<ReturnType<typeof startKms>>;

/** A stand-in for AWS KMS with one asymmetric signing key (ECC_NIST_P256): Sign and GetPublicKey. */
export async function startKms(
  options: { latencyMs?: number; credentials?: AwsCredentials | undefined } = {},
) {
  const keyArn = 'arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555';
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const server = await startServer({
    knobs: { latencyMs: options.latencyMs ?? 0 },
    describe: (request) => ({ operation: operationOf(request) }),
    refuse: (status) => json(status, { __type: 'KMSInternalException' }),
    handle: (request) => {
      const problem = signatureProblem(request, 'kms', options.credentials);
      if (problem !== undefined) return json(400, { __type: 'InvalidSignatureException', message: problem });
      const input = JSON.parse(request.body.toString());
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
    publicKeyPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  });
}

const operationOf = (request: SandboxRequest) =>
  /^TrentService\.(\w+)$/.exec(String(request.headers['x-amz-target'] ?? ''))?.[1] ?? 'unknown';

const json = (status: number, body: object): SandboxAnswer => ({
  status,
  headers: { 'content-type': 'application/x-amz-json-1.1' },
  body: JSON.stringify(body),
});
