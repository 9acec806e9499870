import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  GetSecretValueCommand,
  ListSecretsCommand,
  paginateListSecrets,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type S3, startS3 } from '../../sandbox/s3.ts';
import { type SecretsManager, startSecretsManager } from '../../sandbox/secrets-manager.ts';

const credentials = { accessKeyId: 'id', secretAccessKey: 'key', sessionToken: 'session' };

describe('Secrets Manager', () => {
  let secrets: SecretsManager;
  let client: SecretsManagerClient;
  const read = (SecretId: string, VersionStage?: string) =>
    client.send(new GetSecretValueCommand({ SecretId, ...(VersionStage && { VersionStage }) }));

  beforeEach(async () => {
    secrets = await startSecretsManager({ credentials });
    client = new SecretsManagerClient({
      region: 'us-east-1',
      endpoint: secrets.url,
      credentials,
      maxAttempts: 1,
    });
  });

  afterEach(() => secrets.stop());

  test('answers the AWS SDK with the current and the previous value', async () => {
    secrets.put('a/b', 'one');
    await expect(read('a/b', 'AWSPREVIOUS')).rejects.toThrow(/staging label: AWSPREVIOUS/);
    secrets.put('a/b', 'two');
    const { ARN, SecretString, VersionStages } = await read('a/b');
    expect([SecretString, VersionStages]).toEqual(['two', ['AWSCURRENT']]);
    expect((await read(ARN!, 'AWSPREVIOUS')).SecretString).toBe('one');
    expect(secrets.requests).toMatchObject([
      { operation: 'GetSecretValue', secretId: 'a/b', versionStage: 'AWSPREVIOUS', status: 400 },
      { secretId: 'a/b', versionStage: 'AWSCURRENT', status: 200 },
      { secretId: ARN, versionStage: 'AWSPREVIOUS', status: 200 },
    ]);
    expect(JSON.stringify(secrets.requests)).not.toMatch(/two|session/);
  });

  test('lists secrets by the beginning of a tag, page by page, without their values', async () => {
    secrets.put('a', 'one', { team: 'shop' });
    secrets.put('b', 'two', { team: 'shop' });
    secrets.put('c', 'three', { teams: '' });
    secrets.put('d', 'four');
    secrets.put('a', 'one again');
    const pages = [];
    const Filters = [{ Key: 'tag-key' as const, Values: ['team'] }];
    for await (const { SecretList = [] } of paginateListSecrets({ client }, { Filters }))
      pages.push(SecretList.map(({ Name, Tags }) => [Name, Tags]));

    expect(pages).toEqual([
      [
        ['a', [{ Key: 'team', Value: 'shop' }]],
        ['b', [{ Key: 'team', Value: 'shop' }]],
      ],
      [['c', [{ Key: 'teams', Value: '' }]]],
    ]);
    await expect(
      client.send(new ListSecretsCommand({ Filters: [{ Key: 'name', Values: ['a'] }] })),
    ).rejects.toMatchObject({ name: 'InvalidParameterException' });
  });

  test('refuses an unknown secret, a wrong signature and whatever a fault says', async () => {
    await expect(read('a')).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    secrets.put('a', 'one');
    secrets.fault({ status: 400, body: { __type: 'AccessDeniedException', Message: 'no' } });
    await expect(read('a')).rejects.toMatchObject({ name: 'AccessDeniedException' });
    client = new SecretsManagerClient({
      region: 'us-east-1',
      endpoint: secrets.url,
      credentials: { ...credentials, secretAccessKey: 'other' },
    });
    await expect(read('a')).rejects.toMatchObject({ name: 'InvalidSignatureException' });
  });
});

describe('S3', () => {
  let s3: S3;
  let dir: string;

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'sandbox-'));
    s3 = await startS3({ dir });
  });

  afterEach(async () => {
    await s3.stop();
    await rm(dir, { recursive: true });
  });

  const authorization = `AWS4-HMAC-SHA256 Credential=id/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=${'0'.repeat(64)}`;
  const call = (method: string, path: string, headers: Record<string, string> = {}, body?: string) =>
    fetch(`${s3.url}/audit/${path}`, {
      method,
      headers: { authorization, ...headers },
      ...(body !== undefined && { body }),
    });
  const once = { 'if-none-match': '*' };
  const sum = (text: string) => createHash('sha256').update(text).digest('base64');

  test('lets exactly one of two concurrent conditional puts win', async () => {
    s3.latencyMs = 20;
    const answers = await Promise.all(['a', 'b'].map((body) => call('PUT', 'x.json', once, body)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412]);
    const lost = answers.find(({ status }) => status === 412);
    expect(await lost?.text()).toContain('<Code>PreconditionFailed</Code>');
    const winner = answers[0]?.status === 200 ? 'a' : 'b';
    expect(s3.objects()).toMatchObject([{ key: 'x.json', body: winner }]);
    expect(await readFile(join(dir, 'x.json'), 'utf8')).toBe(winner);
  });

  test('denies a put that is not conditional, as the policy of the bucket does', async () => {
    const answer = await call('PUT', 'x.json', {}, 'a');
    expect([answer.status, s3.objects()]).toEqual([403, []]);
  });

  test('lists versions and delete markers by page, the newest first', async () => {
    await call('PUT', 'a', once, '1');
    await call('DELETE', 'a');
    await call('PUT', 'a', once, '2');
    await call('PUT', 'b', once, '3');
    const list = async (query: string) => {
      const text = await (await call('GET', `?versions&${query}`)).text();
      return {
        found: [...text.matchAll(/<(Version|DeleteMarker)><Key>(.*?)<\/Key>.*?<IsLatest>(.*?)</g)].map((m) =>
          m.slice(1),
        ),
        key: /<NextKeyMarker>(.*?)</.exec(text)?.[1],
        version: /<NextVersionIdMarker>(.*?)</.exec(text)?.[1],
      };
    };
    const all = [
      ['Version', 'a', 'true'],
      ['DeleteMarker', 'a', 'false'],
      ['Version', 'a', 'false'],
      ['Version', 'b', 'true'],
    ];
    expect((await list('')).found).toEqual(all);
    const first = await list('max-keys=2');
    expect(first.found).toEqual(all.slice(0, 2));
    const rest = await list(`key-marker=${first.key}&version-id-marker=${first.version}`);
    expect(rest.found).toEqual(all.slice(2));
    expect((await list('key-marker=a')).found).toEqual(all.slice(3));
    expect((await list('prefix=b')).found).toEqual(all.slice(3));
  });

  test('keeps Object Lock, content type and metadata, and guards the locked version', async () => {
    const lock = {
      'x-amz-object-lock-mode': 'COMPLIANCE',
      'x-amz-object-lock-retain-until-date': new Date(Date.now() + 60_000).toISOString(),
      'x-amz-meta-report': 'r1',
      'content-type': 'application/json',
    };
    const put = { ...lock, ...once };
    expect((await call('PUT', 'a b/ü.json', put, '{}')).status).toBe(400);
    const stored = await call('PUT', 'a b/ü.json', { ...put, 'x-amz-checksum-sha256': sum('{}') }, '{}');
    const version = stored.headers.get('x-amz-version-id');
    expect(s3.get('a b/ü.json')?.headers).toMatchObject(lock);
    expect((await call('HEAD', 'a b/ü.json')).headers.get('x-amz-object-lock-mode')).toBe('COMPLIANCE');
    expect((await call('DELETE', `a b/ü.json?versionId=${version}`)).status).toBe(403);

    expect((await call('DELETE', 'a b/ü.json')).status).toBe(204);
    expect((await call('GET', 'a b/ü.json')).status).toBe(404);
    expect(await (await call('GET', `a b/ü.json?versionId=${version}`)).text()).toBe('{}');
    expect((await call('PUT', 'a b/ü.json', once, 'again')).status).toBe(200);
  });

  test('refuses a wrong checksum', async () => {
    for (const name of ['x-amz-checksum-sha256', 'content-md5']) {
      const answer = await call('PUT', 'x', { [name]: sum('other') }, 'text');
      expect([answer.status, await answer.text()]).toEqual([400, expect.stringContaining('BadDigest')]);
    }
    expect(s3.objects()).toEqual([]);
  });

  test('lists by prefix, delimiter and page', async () => {
    for (const key of ['b', 'a/2', 'a/1', 'a/c/3', 'a&'])
      await call('PUT', encodeURIComponent(key).replace('%2F', '/'), once, key);
    const list = async (query: string) => {
      const text = await (await call('GET', `?list-type=2&${query}`)).text();
      return {
        keys: [...text.matchAll(/<Key>(.*?)<\/Key>/g)].map(([, key]) => key),
        prefixes: [...text.matchAll(/<CommonPrefixes><Prefix>(.*?)<\/Prefix>/g)].map(([, prefix]) => prefix),
        token: /<NextContinuationToken>(.*?)</.exec(text)?.[1],
      };
    };
    expect(await list('')).toEqual({
      keys: ['a&amp;', 'a/1', 'a/2', 'a/c/3', 'b'],
      prefixes: [],
      token: undefined,
    });
    expect(await list('prefix=a/&delimiter=/')).toMatchObject({ keys: ['a/1', 'a/2'], prefixes: ['a/c/'] });
    expect(await list('start-after=a/1')).toMatchObject({ keys: ['a/2', 'a/c/3', 'b'] });
    const first = await list('max-keys=3');
    expect(first.keys).toEqual(['a&amp;', 'a/1', 'a/2']);
    expect(await list(`continuation-token=${first.token}`)).toEqual({
      keys: ['a/c/3', 'b'],
      prefixes: [],
      token: undefined,
    });
  });

  test("fails with the service's own errors, before and after the object is stored", async () => {
    s3.fault({ operation: 'PutObject', status: 409 });
    s3.fault({ operation: 'PutObject', status: 503 });
    s3.fault({ operation: 'PutObject', reset: 'after' });
    expect(await (await call('PUT', 'x', once, 'a')).text()).toContain('ConditionalRequestConflict');
    expect(await (await call('PUT', 'x', once, 'a')).text()).toContain('SlowDown');
    await expect(call('PUT', 'x', once, 'a')).rejects.toThrow();
    expect((await call('PUT', 'x', once, 'a')).status).toBe(412);
  });
});
