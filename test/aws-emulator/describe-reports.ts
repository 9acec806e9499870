import { randomUUID } from 'node:crypto';
import { PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { GetObjectRetentionCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { PutSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { PurgeQueueCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { afterEach, describe, expect, test } from 'vitest';
import { folderOf } from '../../lib/audit/reconcile/reconcile.ts';
import { isIntent } from '../../lib/audit/record-path.ts';
import { openNote } from '../../lib/audit/stored-note.ts';
import { signStandard, standardKey } from '../../lib/intake/standard-signature.ts';
import type { AlertName } from '../../sandbox/github.ts';
import { alertOf, deletedKeys } from '../../sandbox/observe.ts';
import { eventually, type Scene } from './scene.ts';

const DAY_MS = 86_400_000;

/** The ways of a report into the worker, and what happens when it does not get through. */
export function describeReports(scene: () => Scene): void {
  const deletions = (apiKeyId: string) => deletedKeys(scene().sandbox).filter((id) => id === apiKeyId);
  const queue = () => scene().stack.output('LeakQueueUrl');
  const settled = () =>
    eventually('the queue is empty', async () =>
      (await scene().messages(queue())).every((count) => count === 0),
    );
  const failDeletions = () =>
    scene().sandbox.devin.fault({ operation: 'revokeServiceUserApiKey', status: 503, times: Infinity });
  const attempts = async (apiKeyId: string) =>
    (await scene().records()).filter(
      ({ key, record }) => key.includes('/50-attempt') && record.unmapped.api_key_id === apiKeyId,
    );

  /** What the worker stores of a report that it began so many seconds ago: the note of an intent has its minute in its name. */
  async function ageReport(intent: string, seconds: number): Promise<void> {
    const { bucket, emulator, stack } = scene();
    const Key = openNote(intent, Date.now() - seconds * 1_000);
    await stack.aws.s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body: '{}', IfNoneMatch: '*' }));
    await emulator.age({ bucket, prefix: folderOf(intent) }, seconds);
  }

  afterEach(() => scene().sandbox.devin.clearFaults());

  describe('a webhook', () => {
    test('that is not signed is refused', async () => {
      const answer = await fetch(scene().hookUrl, { method: 'POST', body: '{}' });

      expect(answer.status).toBe(401);
    });

    test('that is signed, and delivered twice, leads to a dead key, a closed alert and one locked record', async () => {
      const { bucket, hookUrl, leak, outcomeOf, outcomesOf, sandbox, stack, webhookSecret } = scene();
      const { alert, api_key_id, token } = leak();
      const deliveryId = randomUUID();

      const first = await sandbox.github.deliver(hookUrl, await webhookSecret(), alert, { deliveryId });
      const { key, record } = await outcomeOf(api_key_id);
      const again = await sandbox.github.redeliver(hookUrl, deliveryId);
      await settled();

      expect([first.status, again.status]).toEqual([202, 202]);
      expect(record.unmapped.status).toBe('revoked');
      expect(sandbox.devin.isLive(token)).toBe(false);
      expect(alertOf(sandbox, alert)).toMatchObject({ state: 'resolved', resolution: 'revoked' });
      expect(deletions(api_key_id)).toHaveLength(1);
      expect(await outcomesOf(api_key_id)).toHaveLength(1);
      const { Retention } = await stack.aws.s3.send(
        new GetObjectRetentionCommand({ Bucket: bucket, Key: key }),
      );
      expect(Retention?.Mode).toBe('GOVERNANCE');
      expect(Retention?.RetainUntilDate?.getTime()).toBeGreaterThan(Date.now() + 364 * DAY_MS);
    });
  });

  test('a token that any detector sends is sealed on the queue, and leads to a dead key', async () => {
    const { hookUrl, leak, outcomeOf, sandbox, stack, webhookSecret } = scene();
    const { api_key_id, token } = leak();
    const github = await webhookSecret();
    const put = (SecretString: string) =>
      stack.aws.secrets.send(
        new PutSecretValueCommand({ SecretId: stack.output('WebhookSecretArn'), SecretString }),
      );
    await put(JSON.stringify({ github, standard: sandbox.standardSecret }));
    const body = Buffer.from(JSON.stringify({ leaks: [{ token, source: 'acme-scanner' }] }));
    const [id, timestamp] = [randomUUID(), String(Math.floor(Date.now() / 1_000))];
    const key = standardKey(sandbox.standardSecret) ?? expect.fail('no key');
    const headers = {
      'webhook-id': id,
      'webhook-timestamp': timestamp,
      'webhook-signature': signStandard({ id, timestamp, body }, key),
    };

    const { status } = await fetch(new URL('leaks', `${hookUrl}/`), { method: 'POST', headers, body });

    expect(status).toBe(202);
    expect((await outcomeOf(api_key_id)).record.unmapped.status).toBe('revoked');
    expect(sandbox.devin.isLive(token)).toBe(false);
    await put(github);
    await settled();
  });

  test('an event of EventBridge leads to a dead key', async () => {
    const { leak, outcomeOf, sandbox, stack } = scene();
    const { api_key_id, service_user_id, token } = leak();
    const Entry = {
      Source: 'devin-key-revoker',
      DetailType: 'Devin API key leaked',
      Detail: JSON.stringify({ service_user_id, api_key_id }),
    };

    const { FailedEntryCount } = await stack.aws.events.send(new PutEventsCommand({ Entries: [Entry] }));

    expect(FailedEntryCount).toBe(0);
    expect((await outcomeOf(api_key_id)).record.unmapped.status).toBe('revoked');
    expect(sandbox.devin.isLive(token)).toBe(false);
  });

  test('a direct invoke answers the outcome', async () => {
    const { invoke, leak, sandbox } = scene();
    const { api_key_id, token } = leak();

    const answer = await invoke('revoke', { token, reason: 'found in a chat' });

    expect(answer).toMatchObject({ failed: false, payload: { status: 'revoked', api_key_id } });
    expect(sandbox.devin.isLive(token)).toBe(false);
  });

  test('a report that Devin fails comes back soon, and gets done', async () => {
    const { emulator, hookUrl, leak, outcomeOf, sandbox, webhookSecret } = scene();
    const { alert, api_key_id, token } = leak();
    failDeletions();

    await sandbox.github.deliver(hookUrl, await webhookSecret(), alert);
    await eventually('an attempt is recorded', async () => (await attempts(api_key_id)).length === 1);
    sandbox.devin.clearFaults();
    await eventually('the message waits', async () => (await scene().messages(queue()))[1] === 1);
    // The worker asked for 15 seconds, the queue alone would keep it for 540.
    await emulator.age({ queue: queue() }, 15);

    expect((await outcomeOf(api_key_id)).record.unmapped.status).toBe('revoked');
    expect(sandbox.devin.isLive(token)).toBe(false);
    await settled();
  });

  describe('a report that was lost', () => {
    /** Its worker began, and its message is gone. @returns the folder of its records */
    async function lose(alert: AlertName, apiKeyId: string): Promise<string> {
      const { hookUrl, keys, sandbox, stack, webhookSecret } = scene();
      failDeletions();
      await sandbox.github.deliver(hookUrl, await webhookSecret(), alert);
      await eventually('an attempt is recorded', async () => (await attempts(apiKeyId)).length === 1);
      await stack.aws.sqs.send(new PurgeQueueCommand({ QueueUrl: queue() }));
      const [attempt] = await attempts(apiKeyId);
      const folder = folderOf(attempt?.key ?? '');
      await ageReport((await keys(folder)).find(isIntent) ?? expect.fail('no intent'), 16 * 60);
      return folder;
    }

    test('is found by reconcile, queued again and done', async () => {
      const { invoke, leak, outcomeOf, sandbox } = scene();
      const { alert, api_key_id } = leak();
      await lose(alert, api_key_id);
      sandbox.devin.clearFaults();

      expect(await invoke('reconcile')).toEqual({
        failed: false,
        payload: { lost: 1, queued: 1, open: 1 },
      });

      expect((await outcomeOf(api_key_id)).record.unmapped.status).toBe('revoked');
      await settled();
    });

    test('is closed by a person, on record and in the SIEM', async () => {
      const { invoke, keys, leak, posted, stack } = scene();
      const { alert, api_key_id } = leak();
      const folder = await lose(alert, api_key_id);
      const { payload: found } = await invoke('reconcile');
      await eventually('it failed again', async () => (await attempts(api_key_id)).length > 1);
      await stack.aws.sqs.send(new PurgeQueueCommand({ QueueUrl: queue() }));
      const acknowledge = folder.replace(/^records\/date=[^/]+\/|\/$/g, '');

      const { failed, payload } = await invoke('reconcile', { acknowledge, reason: 'revoked by hand' });

      expect(failed, JSON.stringify(payload)).toBe(false);
      expect(payload).toEqual({ lost: 0, queued: 0, open: found.open - 1 });
      expect(await keys(folder)).toContain(`${folder}95-acknowledged.json`);
      expect(posted.siem.some(({ body }) => body.includes('revoked by hand'))).toBe(true);
    });
  });

  test('a message that is no report ends in the dead-letter queue after eight receives', async () => {
    const { emulator, messages, stack } = scene();
    const before = emulator.log.length;
    await stack.aws.sqs.send(
      new SendMessageCommand({ QueueUrl: queue(), MessageBody: '{"not":"a report"}' }),
    );

    await eventually('it is a dead letter', async () => {
      await emulator.age({ queue: queue() }, 540);
      return (await messages(stack.output('LeakDeadLetterQueueUrl')))[0] === 1;
    });

    const refused = emulator.log
      .slice(before)
      .filter((line) => line.includes('message is not a leak report'));
    expect(refused).toHaveLength(8);
    await settled();
  });

  test('an alert whose webhook was lost is found by the sweep of the alerts', async () => {
    const { invoke, outcomeOf, sandbox, tokens } = scene();
    const { service_user_id } = sandbox.devin.createServiceUser();
    const { api_key_id, token } = sandbox.devin.createKey(service_user_id);
    tokens.push(token);
    const hourAgo = `${new Date(Date.now() - 3_600_000).toISOString().slice(0, 19)}Z`;
    sandbox.github.createAlert({ secret: token, created_at: hourAgo });

    const { payload } = await invoke('sweep-alerts', { scheduled_at: new Date().toISOString() });

    expect(payload).toMatchObject({ status: 'swept', failed: [], alerts: { queued: 1 } });
    expect((await outcomeOf(api_key_id)).record.unmapped.status).toBe('revoked');
    await settled();
  });
}
