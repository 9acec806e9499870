import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { awsEnvironment } from '../../lib/aws/environment.ts';
import { SecretError, secretsManager } from '../../lib/aws/secrets.ts';
import { adminToken } from '../../lib/clients/devin-admin-token.ts';
import { type SecretsManager, startSecretsManager } from '../../sandbox/secrets-manager.ts';

const ID = 'team/secret';
const FIRST = 'C4n4ry-first';
const SECOND = 'C4n4ry-second';
const credentials = { accessKeyId: 'ASIAEXAMPLE', secretAccessKey: 'example', sessionToken: 'example' };

let service: SecretsManager;

beforeEach(async () => {
  service = await startSecretsManager({ credentials });
});
afterEach(() => service.stop());

const reader = (options: { withinMs?: number; env?: Record<string, string> } = {}) => {
  const { env, ...rest } = options;
  const aws = awsEnvironment({
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_SESSION_TOKEN: credentials.sessionToken,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: service.url,
    ...env,
  });
  return secretsManager(aws, rest);
};

describe('a secret', () => {
  test('is read in its current and its previous version', async () => {
    service.put(ID, FIRST);
    service.put(ID, SECOND);
    const read = reader();
    expect([await read(ID), await read(ID, 'AWSCURRENT'), await read(ID, 'AWSPREVIOUS')]).toEqual([
      SECOND,
      SECOND,
      FIRST,
    ]);
  });

  test('is read from the endpoint of all services, when its own is not set', async () => {
    service.put(ID, FIRST);
    const env = { AWS_ENDPOINT_URL_SECRETS_MANAGER: '', AWS_ENDPOINT_URL: service.url };
    expect(await reader({ env })(ID)).toBe(FIRST);
  });

  test.each([
    ['500', { status: 500 }],
    ['503', { status: 503 }],
    ['a page of a proxy', { status: 502, body: '<html>' }],
    ['a throttle', { status: 400 }],
    ['a broken connection', { reset: 'before' as const }],
  ])('is read after %s', async (_title, fault) => {
    service.put(ID, FIRST);
    service.fault(fault);
    expect(await reader()(ID)).toBe(FIRST);
    expect(service.requests).toHaveLength(2);
  });
});

describe('a secret that cannot be read is an error that names it and quotes nothing:', () => {
  const failure = (read: ReturnType<typeof reader>, stage?: 'AWSPREVIOUS') =>
    read(ID, stage).catch((error: unknown) => error);

  test('unknown', async () => {
    expect(await failure(reader())).toEqual(
      new SecretError(ID, 'ResourceNotFoundException', 'cannot be read (ResourceNotFoundException)'),
    );
    expect(service.requests).toHaveLength(1);
  });

  test('without a previous version', async () => {
    service.put(ID, FIRST);
    expect(await failure(reader(), 'AWSPREVIOUS')).toMatchObject({ code: 'ResourceNotFoundException' });
  });

  test('without permission', async () => {
    service.put(ID, FIRST);
    const env = { AWS_SECRET_ACCESS_KEY: 'another' };
    expect(await failure(reader({ env }))).toEqual(
      new SecretError(ID, 'InvalidSignatureException', 'cannot be read (InvalidSignatureException)'),
    );
  });

  test('while the service is down', async () => {
    service.put(ID, FIRST);
    service.fault({ status: 500, times: Number.POSITIVE_INFINITY });
    expect(await failure(reader())).toEqual(
      new SecretError(ID, 'InternalServiceError', 'cannot be read (InternalServiceError)'),
    );
    expect(service.requests).toHaveLength(4);
  });

  test('while nobody listens', async () => {
    await service.stop();
    expect(await failure(reader())).toMatchObject({ name: 'SecretError', code: expect.any(String) });
  });

  test('while the service hangs', async () => {
    service.put(ID, FIRST);
    service.fault({ delayMs: 30_000, times: Number.POSITIVE_INFINITY });
    const start = Date.now();
    expect(await failure(reader({ withinMs: 200 }))).toMatchObject({ name: 'SecretError' });
    expect(Date.now() - start).toBeLessThan(2_000);
  });

  test('of bytes instead of text', async () => {
    service.fault({
      status: 200,
      headers: { 'content-type': 'application/x-amz-json-1.1' },
      body: JSON.stringify({ Name: ID, SecretBinary: Buffer.from(FIRST).toString('base64') }),
    });
    expect(await failure(reader())).toEqual(new SecretError(ID, 'malformed', 'holds no text'));
  });

  test('of an answer that is broken', async () => {
    service.fault({ status: 200, body: `{"SecretString":"${FIRST}"`, times: Number.POSITIVE_INFINITY });
    const error = await failure(reader());
    expect(error).toMatchObject({ name: 'SecretError' });
    expect(String(error)).not.toContain('C4n4ry');
  });
});

describe('the admin token of a secret', () => {
  const token = ['cog', 'C4n4ryC4n4ryC4n4ry'].join('_');

  test.each([token, ` ${token}\n`, JSON.stringify({ token }), JSON.stringify({ token: `${token}\n`, a: 1 })])(
    'is read: %#',
    (value) => {
      expect(adminToken(ID, value).reveal()).toBe(token);
    },
  );

  test.each(['', 'C4n4ry', '{}', '{"token":"C4n4ry"}', '{"token":1}', `{"token":"${token}"`, `"${token}"`])(
    'is refused: %#',
    (value) => {
      let error: unknown;
      try {
        adminToken(ID, value);
      } catch (thrown) {
        error = thrown;
      }
      expect(error).toEqual(
        new SecretError(ID, 'malformed', 'must be a Devin token (cog_…) or JSON {"token": "cog_…"}'),
      );
      expect(String(error)).not.toContain('C4n4ry');
    },
  );
});
