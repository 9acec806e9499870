import { createPublicKey, verify } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { awsEnvironment } from '../../lib/aws/environment.ts';
import { KmsError, kmsKey } from '../../lib/aws/kms.ts';
import { type Kms, startKms } from '../../sandbox/kms.ts';

const credentials = { accessKeyId: 'ASIAEXAMPLE', secretAccessKey: 'example', sessionToken: 'example' };
let kms: Kms;

beforeEach(async () => {
  kms = await startKms({ credentials });
});
afterEach(() => kms.stop());

const key = (id = kms.keyArn) =>
  kmsKey(
    awsEnvironment({
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      AWS_SESSION_TOKEN: credentials.sessionToken,
      AWS_ENDPOINT_URL_KMS: kms.url,
    }),
    id,
  );
const soon = () => ({ deadline: Date.now() + 5_000 });

describe('the signing key', () => {
  test('signs a text so that its public half verifies it', async () => {
    const { keyId, signature } = await key().sign('the digest, é', soon());
    const publicKey = createPublicKey({ key: await key().publicKey(soon()), format: 'der', type: 'spki' });
    expect(keyId).toBe(kms.keyArn);
    const verifies = (text: string) =>
      verify('sha256', Buffer.from(text), publicKey, Buffer.from(signature, 'base64'));
    expect([verifies('the digest, é'), verifies('another digest')]).toEqual([true, false]);
  });

  test('is asked again after an error of the service', async () => {
    kms.fault({ status: 500 });
    await expect(key().sign('text', soon())).resolves.toMatchObject({ keyId: kms.keyArn });
    expect(kms.requests).toHaveLength(2);
  });
});

describe('a key that does not sign is an error with its cause:', () => {
  test('unknown', async () => {
    await expect(key('another').sign('text', soon())).rejects.toEqual(
      new KmsError('Sign', 'NotFoundException'),
    );
    await expect(key('another').publicKey(soon())).rejects.toThrow(
      'KMS GetPublicKey failed (NotFoundException)',
    );
  });

  test('of an incomplete answer', async () => {
    kms.fault({ status: 200, body: {}, headers: { 'content-type': 'application/x-amz-json-1.1' } });
    await expect(key().sign('text', soon())).rejects.toEqual(new KmsError('Sign', 'TypeError'));
  });

  test('hanging, within the time', async () => {
    kms.fault({ delayMs: 30_000, times: Number.POSITIVE_INFINITY });
    const start = Date.now();
    await expect(key().sign('text', { deadline: start + 300 })).rejects.toThrow(KmsError);
    expect(Date.now() - start).toBeLessThan(2_000);
  });
});
