import { DeleteFunctionConcurrencyCommand, PutFunctionConcurrencyCommand } from '@aws-sdk/client-lambda';
import { SubscribeCommand } from '@aws-sdk/client-sns';
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
} from '@aws-sdk/client-sqs';
import { afterEach, describe, expect, test } from 'vitest';
import { alertReport } from '../../sandbox/sqs-event.ts';
import { STACK } from './deploy-stack.ts';
import { eventually, type Scene } from './scene.ts';
import { ACCOUNT, REGION } from './start-emulator.ts';

/** What docs/procedures.md says, carried out. */
export function describeOperations(scene: () => Scene): void {
  const worker = { FunctionName: `${STACK}-revoke` };
  const resume = () => scene().stack.aws.lambda.send(new DeleteFunctionConcurrencyCommand(worker));

  test('people are told how a leak ended, by the topic of the stack', async () => {
    const { hookUrl, leak, sandbox, stack, webhookSecret } = scene();
    const { sns, sqs } = stack.aws;
    const TopicArn = stack.output('AlarmTopicArn');
    const Endpoint = `arn:aws:sqs:${REGION}:${ACCOUNT}:people`;
    const Policy = JSON.stringify({
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal: { Service: 'sns.amazonaws.com' },
          Action: 'sqs:SendMessage',
          Resource: Endpoint,
          Condition: { ArnEquals: { 'aws:SourceArn': TopicArn } },
        },
      ],
    });
    const { QueueUrl = '' } = await sqs.send(
      new CreateQueueCommand({ QueueName: 'people', Attributes: { Policy } }),
    );
    await sns.send(new SubscribeCommand({ TopicArn, Protocol: 'sqs', Endpoint }));
    const { alert, api_key_id } = leak();
    await sandbox.github.deliver(hookUrl, await webhookSecret(), alert);
    const told: string[] = [];

    await eventually('people are told', async () => {
      const { Messages = [] } = await sqs.send(
        new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }),
      );
      told.push(...Messages.map(({ Body = '{}' }) => JSON.parse(Body).Message));
      return told.some((text) => text.includes(api_key_id));
    });

    const text = told.find((one) => one.includes(api_key_id));
    expect(text).toMatch(/^Leaked Devin API key revoked: .*\n\nWhere: /);
  });

  describe('by hand', () => {
    afterEach(resume);

    test('a worker without concurrency holds reports back, and does them once it is given some again', async () => {
      const { emulator, hookUrl, leak, outcomeOf, outcomesOf, sandbox, stack, webhookSecret } = scene();
      const stop = new PutFunctionConcurrencyCommand({ ...worker, ReservedConcurrentExecutions: 0 });
      await stack.aws.lambda.send(stop);
      const { alert, api_key_id, token } = leak();
      expect((await sandbox.github.deliver(hookUrl, await webhookSecret(), alert)).status).toBe(202);
      await new Promise((resolve) => setTimeout(resolve, 5_000));
      expect(await outcomesOf(api_key_id)).toEqual([]);
      expect(sandbox.devin.isLive(token)).toBe(true);

      await resume();
      await emulator.age({ queue: stack.output('LeakQueueUrl') }, 540);

      expect((await outcomeOf(api_key_id)).record.unmapped.status).toBe('revoked');
      expect(sandbox.devin.isLive(token)).toBe(false);
    });

    test('a dead letter that is sent to the queue again is done', async () => {
      const { leak, messages, outcomeOf, stack } = scene();
      const { sqs } = stack.aws;
      const dead = stack.output('LeakDeadLetterQueueUrl');
      const { alert, api_key_id } = leak();
      const report = alertReport(alert);
      const [before] = await messages(dead);
      await sqs.send(new SendMessageCommand({ QueueUrl: dead, MessageBody: JSON.stringify(report) }));

      await eventually('the dead letter is moved', async () => {
        const { Messages = [] } = await sqs.send(
          new ReceiveMessageCommand({ QueueUrl: dead, MaxNumberOfMessages: 10, VisibilityTimeout: 1 }),
        );
        const letter = Messages.find(({ Body }) => Body?.includes(report.report_id));
        if (letter === undefined) return false;
        await sqs.send(
          new SendMessageCommand({ QueueUrl: stack.output('LeakQueueUrl'), MessageBody: letter.Body }),
        );
        await sqs.send(new DeleteMessageCommand({ QueueUrl: dead, ReceiptHandle: letter.ReceiptHandle }));
        return true;
      });

      expect((await outcomeOf(api_key_id)).record.unmapped.status).toBe('revoked');
      await eventually('the other dead letters are there', async () => (await messages(dead))[0] === before);
    });
  });
}
