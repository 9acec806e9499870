import {
  GetTemplateCommand,
  paginateListStackResources,
  type StackResourceSummary,
} from '@aws-sdk/client-cloudformation';
import { DescribeLogGroupsCommand, DescribeLogStreamsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { DeleteFunctionCommand, ListFunctionsCommand } from '@aws-sdk/client-lambda';
import { GetBucketPolicyCommand } from '@aws-sdk/client-s3';
import { DescribeSecretCommand } from '@aws-sdk/client-secrets-manager';
import { ListQueuesCommand } from '@aws-sdk/client-sqs';
import { describe, expect, test } from 'vitest';
import { STACK } from './deploy-stack.ts';
import { eventually, type Scene } from './scene.ts';

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

/** What Lambda writes for the functions. */
export function describeLogs(scene: () => Scene): void {
  test('each function writes its log into the group that the stack keeps for it', async () => {
    const { aws, resources } = scene().stack;
    const groups = Object.entries(resources()).filter(([, { Type }]) => Type === 'AWS::Logs::LogGroup');
    const { logGroups = [] } = await aws.logs.send(new DescribeLogGroupsCommand({}));

    expect(groups.length).toBeGreaterThan(5);
    expect(logGroups).toHaveLength(groups.length);
    for (const [id] of groups) {
      const { logGroupName } = logGroups.find(({ logGroupName = '' }) => logGroupName.includes(id)) ?? {};
      const { logStreams } = await aws.logs.send(new DescribeLogStreamsCommand({ logGroupName }));
      expect(logStreams?.length, id).toBeGreaterThan(0);
    }
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

  test('an invocation that Scheduler cannot deliver is kept', async () => {
    const { emulator, messages, stack } = scene();
    const { QueueUrls: [letters = ''] = [] } = await stack.aws.sqs.send(
      new ListQueuesCommand({ QueueNamePrefix: `${STACK}-SweepDeadLetterQueue` }),
    );
    await stack.aws.lambda.send(new DeleteFunctionCommand({ FunctionName: `${STACK}-enroll` }));

    await emulator.age({ schedule: 'EnrollSchedule' }, 2 * 86_400);

    await eventually('it is a dead letter', async () => (await messages(letters))[0] === 1);
  });

  describe('its removal', () => {
    test('keeps the audit log, its key, the logs, the secrets and the dead letters, and nothing that runs', async () => {
      const { keys, messages, stack } = scene();
      const { aws, output } = stack;
      const logGroups = async () =>
        ((await aws.logs.send(new DescribeLogGroupsCommand({}))).logGroups ?? []).map(
          (group) => group.logGroupName,
        );
      const logs = await logGroups();
      const before = { keys: await keys(), policy: await policyOf() };
      const deadLetters = output('LeakDeadLetterQueueUrl');

      await stack.remove();

      expect(await keys()).toEqual(before.keys);
      expect(await policyOf()).toEqual(before.policy);
      expect(logs.length).toBeGreaterThan(5);
      expect(await logGroups()).toEqual(logs);
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
