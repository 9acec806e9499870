import {
  GetTemplateCommand,
  paginateListStackResources,
  type StackResourceSummary,
} from '@aws-sdk/client-cloudformation';
import { ListFunctionsCommand } from '@aws-sdk/client-lambda';
import { GetBucketPolicyCommand } from '@aws-sdk/client-s3';
import { DescribeSecretCommand } from '@aws-sdk/client-secrets-manager';
import { ListQueuesCommand } from '@aws-sdk/client-sqs';
import { describe, expect, test } from 'vitest';
import { STACK } from './deploy-stack.ts';
import type { Scene } from './scene.ts';

/** Everything of the template is there. */
export function describeResources(scene: () => Scene): void {
  test('has every resource of the packaged template', async () => {
    const { aws, resources } = scene().stack;
    const listed: StackResourceSummary[] = [];
    for await (const page of paginateListStackResources(
      { client: aws.cloudFormation },
      { StackName: STACK },
    )) {
      listed.push(...(page.StackResourceSummaries ?? []));
    }
    const complete = listed.filter(({ ResourceStatus = '' }) =>
      /^(?:CREATE|UPDATE)_COMPLETE$/.test(ResourceStatus),
    );
    const unconditional = Object.entries(resources()).filter(([, { Condition }]) => Condition === undefined);

    expect(complete).toHaveLength(listed.length);
    expect(listed.map(({ LogicalResourceId }) => LogicalResourceId)).toEqual(
      expect.arrayContaining(unconditional.map(([id]) => id)),
    );
  });
}

/** What a further deployment and the removal of the stack leave as it was. */
export function describeDeployment(scene: () => Scene): void {
  /** As the deployed template notes them. */
  const settings = async () => {
    const { cloudFormation } = scene().stack.aws;
    const { TemplateBody = '' } = await cloudFormation.send(new GetTemplateCommand({ StackName: STACK }));
    const noted: Record<string, unknown> = JSON.parse(TemplateBody).Metadata.Settings;
    return Object.fromEntries(Object.entries(noted).map(([name, value]) => [name, String(value)]));
  };
  const policyOf = async () => {
    const { bucket, stack } = scene();
    const { Policy = '' } = await stack.aws.s3.send(new GetBucketPolicyCommand({ Bucket: bucket }));
    return JSON.parse(Policy).Statement;
  };

  test('a deployment that would weaken the lock or empty a parameter is refused, and changes nothing', async () => {
    const { deploy, stack } = scene();
    const before = stack.output('AuditBucketName');

    const refused = await deploy({ auditLockDays: 30, githubOrgs: '' }).then(
      () => expect.fail('it was deployed'),
      ({ message }) => message,
    );

    expect(refused).toContain('auditLockDays: 365 -> 30');
    expect(refused).toContain('githubOrgs: acme -> (empty)');
    expect(refused).toContain('ACCEPT_WEAKER=githubOrgs,auditLockDays');
    expect(stack.output('AuditBucketName')).toBe(before);
    expect(await settings()).toMatchObject({ auditLockDays: '365', githubOrgs: 'acme' });
  });

  test('a further deployment, which a person insists on, keeps the records and the values of the secrets', async () => {
    const { deploy, invoke, keys, leak, stack, webhookSecret } = scene();
    const before = {
      keys: await keys(),
      secret: await webhookSecret(),
      bucket: stack.output('AuditBucketName'),
    };

    await deploy({ dryRun: 'true', githubOrgs: '' }, { ACCEPT_WEAKER: 'githubOrgs' });

    expect(stack.output('AuditBucketName')).toBe(before.bucket);
    expect(await settings()).toMatchObject({ dryRun: 'true', githubOrgs: '' });
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
      const before = { keys: await keys(), policy: await policyOf() };
      const deadLetters = output('LeakDeadLetterQueueUrl');

      await stack.remove();

      expect(await keys()).toEqual(before.keys);
      expect(await policyOf()).toEqual(before.policy);
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
