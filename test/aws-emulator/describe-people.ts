import { PutObjectCommand } from '@aws-sdk/client-s3';
import { CreateSecretCommand, DeleteSecretCommand } from '@aws-sdk/client-secrets-manager';
import { describe, expect, test } from 'vitest';
import { Token } from '../../lib/domain/token.ts';
import { eventually, type Scene } from './scene.ts';

const DAY = 86_400;

/** What goes to people and their systems, and what is read of theirs. */
export function describePeople(scene: () => Scene): void {
  const seconds = () => Math.floor(Date.now() / 1_000);
  const keep = <T extends { token: string }>(made: T): T => {
    scene().tokens.push(made.token);
    return made;
  };

  /** Puts a token into a secret that the enrolment reads. */
  async function tag(Name: string, SecretString: string | undefined): Promise<void> {
    const Tags = [{ Key: 'devin-key-revoker:enroll', Value: 'true' }];
    await scene().stack.aws.secrets.send(new CreateSecretCommand({ Name, SecretString, Tags }));
  }

  test('the SIEM gets each outcome, with the header of the secret', async () => {
    const { invoke, leak, posted, siemHeader } = scene();
    const { api_key_id, token } = leak();

    await invoke('revoke', { token });

    await eventually('it is there', () => posted.siem.some(({ body }) => body.includes(api_key_id)));
    expect(new Set(posted.siem.map(({ headers }) => headers.authorization))).toEqual(new Set([siemHeader]));
  });

  test('a session of the leaked key is ended, by a further message when it was not at once', async () => {
    const { emulator, invoke, leak, records, sandbox, stack } = scene();
    const { api_key_id, service_user_id } = leak({ key: { created_at: seconds() - 200 * DAY } });
    const session = sandbox.devin.startSession({ service_user_id });
    // A DELETE that changes nothing.
    sandbox.devin.fault({ operation: 'terminateSession', status: 200, body: session, times: Infinity });

    const { payload } = await invoke('revoke', { service_user_id, api_key_id });
    sandbox.devin.clearFaults();

    expect(payload).toMatchObject({ status: 'revoked' });
    const followed = async () =>
      (await records()).find(({ key }) => key.includes(payload.report_id) && key.includes('/75-aftermath'));
    await eventually('it is on record', async () => {
      await emulator.age({ queue: stack.output('LeakQueueUrl') }, 60);
      return (await followed()) !== undefined;
    });
    expect((await followed())?.record.unmapped).toMatchObject({
      sessions: { listed: [{ session_id: session.session_id, end: 'ended' }] },
    });
  });

  test('a token that was dead, of which an earlier version made a note, is named', async () => {
    const { bucket, invoke, leak, sandbox, stack } = scene();
    const { api_key_id, service_user_id, token } = leak();
    sandbox.devin.revoke(api_key_id);
    const Key = `tokens/${new Token(token).fingerprint()}.json`;
    const Body = JSON.stringify({ service_user_id, api_key_id, confidence: 'high', report_id: 'console/1' });
    await stack.aws.s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body, IfNoneMatch: '*' }));

    const { payload } = await invoke('revoke', { token });

    expect(payload).toMatchObject({ status: 'already_revoked', api_key_id });
  });

  describe('an owner whose key expires soon', () => {
    const expiring = (name: string) => {
      const { devin } = scene().sandbox;
      const { service_user_id } = devin.createServiceUser({ name });
      const now = seconds();
      return keep(devin.createKey(service_user_id, { created_at: now - DAY, expires_at: now + 5 * DAY }));
    };

    test('is warned once, by mail or in Slack, as the list of the owners says', async () => {
      const { bucket, invoke, keys, posted, stack } = scene();
      const Body = JSON.stringify({ 'mail bot': 'mail@example.com', 'slack bot': '#slack' });
      await stack.aws.s3.send(new PutObjectCommand({ Bucket: bucket, Key: 'owners/owners.json', Body }));
      const made = [expiring('mail bot'), expiring('slack bot')];

      await invoke('sweep-keys', { scheduled_at: new Date().toISOString() });
      const warned = await keys('warnings/');
      await invoke('sweep-keys', {});

      // A warning is noted once it went out to everyone.
      for (const { api_key_id } of made) expect(warned).toContainEqual(expect.stringContaining(api_key_id));
      expect(await keys('warnings/')).toEqual(warned);
      expect(posted.slack).toHaveLength(1);
    });
  });

  test('keys are told apart when one of several leaked, and the enrolment leaves them alone meanwhile', async () => {
    const { invoke, keys, leak, stack } = scene();
    const { api_key_id, others, service_user_id, token } = leak({ keys: 2 });
    await tag('two/devin', keep(others[0] ?? expect.fail('no other key')).token);

    const ending = invoke('revoke', { token });
    await eventually('the search runs', async () =>
      (await keys(`leases/leak/${service_user_id}/`)).some(Boolean),
    );
    const { payload } = await invoke('enroll', { scheduled_at: new Date().toISOString() });

    expect(payload).toMatchObject({ status: 'enrolled', tokens: { undecided: 1 } });
    expect((await ending).payload).toMatchObject({ status: 'revoked', api_key_id });
    await stack.aws.secrets.send(
      new DeleteSecretCommand({ SecretId: 'two/devin', ForceDeleteWithoutRecovery: true }),
    );
  });

  test('tokens in tagged secrets are enrolled, and no other', async () => {
    const { invoke, keys, posted, sandbox, stack } = scene();
    const before = await keys('registry/');
    const [tagged, other] = [1, 2].map(() =>
      keep(sandbox.devin.createKey(sandbox.devin.createServiceUser().service_user_id)),
    );
    await tag('shop/devin', tagged?.token);
    await stack.aws.secrets.send(
      new CreateSecretCommand({ Name: 'other/devin', SecretString: other?.token }),
    );

    const { payload } = await invoke('enroll', { reason: 'before they leak' });

    // Ours, that of the standby, and the tagged one.
    expect(payload).toMatchObject({ status: 'enrolled', secrets: 1, unreadable: 0, tokens: { failed: 0 } });
    expect((await keys('registry/')).length - before.length).toBeGreaterThan(0);
    expect(posted.siem.some(({ body }) => body.includes('before they leak'))).toBe(true);
    const entries = await Promise.all((await keys('registry/')).map((key) => scene().text(key)));
    expect(entries.join()).toContain(tagged?.api_key_id);
    expect(entries.join()).toContain(sandbox.admin.api_key_id);
    expect(entries.join()).not.toContain(other?.api_key_id);
  });
}
