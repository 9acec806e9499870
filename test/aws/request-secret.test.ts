import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type AwsEnvironment, awsEnvironment } from '../../lib/aws/environment.ts';
import { type SecretsManager, startSecretsManager } from '../../sandbox/secrets-manager.ts';

const ID = 'team/secret';
const FIRST = 'C4n4ry-first';
const SECOND = 'C4n4ry-second';
const CURRENT = { id: ID, stage: 'AWSCURRENT' } as const;
const credentials = { accessKeyId: 'ASIAEXAMPLE', secretAccessKey: 'example', sessionToken: 'example' };

let service: SecretsManager;
// A container of its own for each test.
let request: typeof import('../../lib/aws/request-secret.ts');
let secrets: typeof import('../../lib/aws/secrets.ts');

beforeEach(async () => {
  service = await startSecretsManager({ credentials });
  vi.resetModules();
  request = await import('../../lib/aws/request-secret.ts');
  secrets = await import('../../lib/aws/secrets.ts');
});
afterEach(() => service.stop());

function aws(url = service.url): AwsEnvironment {
  return awsEnvironment({
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_SESSION_TOKEN: credentials.sessionToken,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: url,
  });
}

describe('a secret that was asked for early', () => {
  test('is not asked for again by the first who reads it', async () => {
    service.put(ID, FIRST);
    await request.requestEarly(aws(), CURRENT);
    expect(await secrets.secretsManager(aws())(ID)).toBe(FIRST);
    expect(service.requests).toHaveLength(1);
  });

  test('is asked for again by the second, since it may have been rotated', async () => {
    service.put(ID, FIRST);
    const read = secrets.secretsManager(aws());
    await request.requestEarly(aws(), CURRENT);
    await read(ID);
    service.put(ID, SECOND);
    expect(await read(ID)).toBe(SECOND);
    expect(service.requests).toHaveLength(2);
  });

  test('does not pass for another version or another secret', async () => {
    service.put(ID, FIRST);
    service.put(ID, SECOND);
    service.put('another', 'a');
    const read = secrets.secretsManager(aws());
    await request.requestEarly(aws(), CURRENT);
    expect([await read(ID, 'AWSPREVIOUS'), await read('another'), await read(ID)]).toEqual([
      FIRST,
      'a',
      SECOND,
    ]);
  });

  test('is told to be on the wire before it is answered', async () => {
    service.put(ID, FIRST);
    let answer = (): void => {};
    const held = new Promise<void>((resolve) => {
      answer = resolve;
    });
    service.onRequest = () => held;
    await request.requestEarly(aws(), CURRENT);
    await vi.waitFor(() => expect(service.requests).toHaveLength(1));
    answer();
    expect(await secrets.secretsManager(aws())(ID)).toBe(FIRST);
  });
});

describe('an early request that fails', () => {
  test('by a broken connection is made again by the first who reads', async () => {
    service.put(ID, FIRST);
    service.fault({ reset: 'before' });
    await request.requestEarly(aws(), CURRENT);
    expect(await secrets.secretsManager(aws())(ID)).toBe(FIRST);
    expect(service.requests).toHaveLength(2);
  });

  test.each(['not a URL', 'ftp://127.0.0.1'])('by an endpoint like "%s" harms nobody', async (url) => {
    await request.requestEarly(aws(url), CURRENT);
    await expect(secrets.secretsManager(aws(url), { withinMs: 500 })(ID)).rejects.toMatchObject({
      name: 'SecretError',
    });
  });
});
