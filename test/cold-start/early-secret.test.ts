import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type AwsEnvironment, awsEnvironment } from '../../lib/aws/environment.ts';
import { secretsManager } from '../../lib/aws/secrets.ts';
import { earlySecret, noEarlySecret } from '../../lib/cold-start/early-secret.ts';
import { type SecretsManager, startSecretsManager } from '../../sandbox/secrets-manager.ts';

const ID = 'team/secret';
const FIRST = 'C4n4ry-first';
const SECOND = 'C4n4ry-second';
const CURRENT = { id: ID, stage: 'AWSCURRENT' } as const;
const credentials = { accessKeyId: 'ASIAEXAMPLE', secretAccessKey: 'example', sessionToken: 'example' };

let service: SecretsManager;

beforeEach(async () => {
  service = await startSecretsManager({ credentials });
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

/** What reads secrets once the early request is on the wire. */
async function readAfter(environment = aws(), withinMs = 6_000) {
  const early = earlySecret(environment, CURRENT);
  await early.sent;
  return secretsManager(environment, { early: early.take, withinMs });
}

describe('a secret that was asked for early', () => {
  test('is not asked for again by the first who reads it', async () => {
    service.put(ID, FIRST);
    expect(await (await readAfter())(ID)).toBe(FIRST);
    expect(service.requests).toHaveLength(1);
  });

  test('is asked for again by the second, since it may have been rotated', async () => {
    service.put(ID, FIRST);
    const read = await readAfter();
    await read(ID);
    service.put(ID, SECOND);
    expect(await read(ID)).toBe(SECOND);
    expect(service.requests).toHaveLength(2);
  });

  test('does not pass for another version or another secret', async () => {
    service.put(ID, FIRST);
    service.put(ID, SECOND);
    service.put('another', 'a');
    const read = await readAfter();
    expect([await read(ID, 'AWSPREVIOUS'), await read('another'), await read(ID)]).toEqual([
      FIRST,
      'a',
      SECOND,
    ]);
  });

  test('is reported as sent before it is answered', async () => {
    service.put(ID, FIRST);
    let answer = (): void => {};
    const held = new Promise<void>((resolve) => {
      answer = resolve;
    });
    service.onRequest = () => held;
    const read = await readAfter();
    await vi.waitFor(() => expect(service.requests).toHaveLength(1));
    answer();
    expect(await read(ID)).toBe(FIRST);
  });
});

describe('an early request that fails', () => {
  test('by a broken connection is made again by the first who reads', async () => {
    service.put(ID, FIRST);
    service.fault({ reset: 'before' });
    expect(await (await readAfter())(ID)).toBe(FIRST);
    expect(service.requests).toHaveLength(2);
  });

  test.each(['not a URL', 'ftp://127.0.0.1'])('by an endpoint like "%s" harms nobody', async (url) => {
    const read = await readAfter(aws(url), 500);
    await expect(read(ID)).rejects.toMatchObject({
      name: 'SecretError',
    });
  });
});

describe('no early request', () => {
  test('leaves the reading to whoever needs the secret', async () => {
    service.put(ID, FIRST);
    await noEarlySecret.sent;
    expect(await secretsManager(aws(), { early: noEarlySecret.take })(ID)).toBe(FIRST);
    expect(service.requests).toHaveLength(1);
  });
});
