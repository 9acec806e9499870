import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { awsEnvironment } from '../../lib/aws/environment.ts';
import { secretWriter } from '../../lib/aws/put-secret-sdk.ts';
import { SecretError, secretsManager } from '../../lib/aws/secrets.ts';
import { readStack, StackError } from '../../lib/aws/stack-sdk.ts';
import { type CloudFormation, startCloudFormation } from '../../sandbox/cloudformation.ts';
import { type SecretsManager, startSecretsManager } from '../../sandbox/secrets-manager.ts';

const credentials = { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'not-a-secret' };
let cloudFormation: CloudFormation;
let secrets: SecretsManager;

beforeEach(async () => {
  [cloudFormation, secrets] = await Promise.all([
    startCloudFormation({ credentials }),
    startSecretsManager({ credentials }),
  ]);
});
afterEach(() => Promise.all([cloudFormation.stop(), secrets.stop()]));

const aws = (secretAccessKey = credentials.secretAccessKey) =>
  awsEnvironment({
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_ENDPOINT_URL_CLOUDFORMATION: cloudFormation.url,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: secrets.url,
  });
const deadline = () => Date.now() + 5_000;

describe('a stack', () => {
  test('is read with its outputs and the settings of its template', async () => {
    const outputs = {
      WebhookLambdaFunctionUrl: 'https://x.example.com/?a=1&b=<2>',
      AuditBucketName: 'audit',
    };
    cloudFormation.put('the-stack', { outputs, settings: { githubOrgs: 'acme, "labs"', dryRun: 'false' } });

    const { outputs: read, settings } = await readStack(aws(), 'the-stack', deadline());

    expect(Object.fromEntries(read)).toEqual(outputs);
    expect(Object.fromEntries(settings)).toEqual({ githubOrgs: 'acme, "labs"', dryRun: 'false' });
  });

  test('that does not exist is an error that says so', async () => {
    const reading = readStack(aws(), 'nowhere', deadline());

    await expect(reading).rejects.toThrow(StackError);
    await expect(reading).rejects.toThrow(
      'the stack nowhere cannot be read: there is none of this name in this region and account',
    );
  });

  test('that may not be read is an error with the code of AWS', async () => {
    cloudFormation.put('the-stack', { outputs: {}, settings: {} });

    await expect(readStack(aws('wrong'), 'the-stack', deadline())).rejects.toMatchObject({
      code: 'SignatureDoesNotMatch',
    });
  });
});

describe('a secret', () => {
  test('without a value takes one, and the one before stays as the previous version', async () => {
    secrets.create('admin');
    const [write, read] = [secretWriter(aws()), secretsManager(aws())];
    await expect(read('admin')).rejects.toMatchObject({ code: 'ResourceNotFoundException' });

    await write('admin', 'one', deadline());
    await write(secrets.arn('admin'), 'two', deadline());

    expect([await read('admin'), await read('admin', 'AWSPREVIOUS')]).toEqual(['two', 'one']);
  });

  test('that does not exist is not created, and the error holds no part of the value', async () => {
    const writing = secretWriter(aws())('absent', 'the value', deadline());

    await expect(writing).rejects.toThrow(SecretError);
    await expect(writing).rejects.toThrow('secret absent: cannot be stored (ResourceNotFoundException)');
  });

  test('is stored once although its answer was lost', async () => {
    secrets.create('admin');
    secrets.fault({ operation: 'PutSecretValue', reset: 'after' });

    await secretWriter(aws())('admin', 'one', deadline());

    expect(secrets.value('admin')).toBe('one');
    await expect(secretsManager(aws())('admin', 'AWSPREVIOUS')).rejects.toMatchObject({
      code: 'ResourceNotFoundException',
    });
  });
});
