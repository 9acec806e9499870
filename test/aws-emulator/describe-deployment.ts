import { ListFunctionsCommand } from '@aws-sdk/client-lambda';
import { GetBucketPolicyCommand } from '@aws-sdk/client-s3';
import { DescribeSecretCommand } from '@aws-sdk/client-secrets-manager';
import { ListQueuesCommand } from '@aws-sdk/client-sqs';
import { describe, expect, test } from 'vitest';
import { STACK } from './deploy-stack.ts';
import type { Scene } from './scene.ts';

/** What a further deployment and the removal of the stack leave as it was. */
export function describeDeployment(scene: () => Scene): void {
  const lockOf = async () => {
    const { bucket, stack } = scene();
    const { Policy = '' } = await stack.aws.s3.send(new GetBucketPolicyCommand({ Bucket: bucket }));
    return JSON.parse(Policy).Statement;
  };

  test('a further deployment keeps the records and the values of the secrets', async () => {
    const { deploy, invoke, keys, leak, stack, webhookSecret } = scene();
    const before = {
      keys: await keys(),
      secret: await webhookSecret(),
      bucket: stack.output('AuditBucketName'),
    };

    await deploy({ dryRun: 'true' });

    expect(stack.output('AuditBucketName')).toBe(before.bucket);
    expect(await webhookSecret()).toBe(before.secret);
    expect(await keys()).toEqual(expect.arrayContaining(before.keys));
    const { token } = leak();
    expect((await invoke('revoke', { token })).payload).toMatchObject({ status: 'rehearsed' });
    expect(scene().sandbox.devin.isLive(token)).toBe(true);
  });

  describe('its removal', () => {
    test('keeps the audit log, its key, the secrets and the dead letters, and nothing that runs', async () => {
      const { keys, messages, stack } = scene();
      const { aws, output } = stack;
      const before = { keys: await keys(), policy: await lockOf() };
      const deadLetters = output('LeakDeadLetterQueueUrl');

      await stack.remove();

      expect(await keys()).toEqual(before.keys);
      expect(await lockOf()).toEqual(before.policy);
      for (const name of ['AdminTokenSecretArn', 'GithubTokenSecretArn', 'WebhookSecretArn']) {
        const { DeletedDate } = await aws.secrets.send(new DescribeSecretCommand({ SecretId: output(name) }));
        expect(DeletedDate).toBeUndefined();
      }
      expect((await messages(deadLetters))[0]).toBe(1);
      const { QueueUrls } = await aws.sqs.send(new ListQueuesCommand({ QueueNamePrefix: STACK }));
      expect(QueueUrls).toEqual([deadLetters]);
      const { Functions } = await aws.lambda.send(new ListFunctionsCommand({}));
      expect(Functions).toEqual([]);
    });
  });
}
