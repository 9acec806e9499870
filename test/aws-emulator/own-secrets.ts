import { randomBytes } from 'node:crypto';
import { CreateKeyCommand } from '@aws-sdk/client-kms';
import { CreateSecretCommand } from '@aws-sdk/client-secrets-manager';
import { CreateEmailIdentityCommand } from '@aws-sdk/client-sesv2';
import type { Sandbox } from '../../sandbox/index.ts';
import type { AwsClients } from './aws-clients.ts';

/** A mail address that is verified in SES. */
export const SENDER = 'key-revoker@example.com';

/**
 * What people have in their account before the stack: a key, secrets that it encrypts, and a sender of mails. The secret of
 * the SIEM is named by its whole ARN, the others by an ARN without the six characters at its end.
 */
export async function ownSecrets({ kms, secrets, ses }: AwsClients, sandbox: Sandbox) {
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
  await ses.send(new CreateEmailIdentityCommand({ EmailIdentity: SENDER }));
  const manager = sandbox.devin.createServiceUser({ name: 'key-revoker-standby', canManage: true });
  const values = {
    standby: sandbox.devin.createKey(manager.service_user_id).token,
    siem: `Bearer ${randomBytes(20).toString('hex')}`,
    slack: randomBytes(20).toString('hex'),
  };

  async function create(Name: string, SecretString: string): Promise<string> {
    const command = new CreateSecretCommand({ Name, SecretString, KmsKeyId: KeyMetadata?.Arn });
    return (await secrets.send(command)).ARN ?? '';
  }
  const withoutSuffix = (arn: string) => arn.replace(/-[A-Za-z0-9]{6}$/, '');

  return {
    values: Object.values(values),
    siemHeader: values.siem,
    parameters: {
      secretKeyArns: KeyMetadata?.Arn ?? '',
      standbySecretArn: withoutSuffix(await create('own/standby', values.standby)),
      auditHttpSecretArn: await create('own/siem', values.siem),
      slackSecretArn: withoutSuffix(await create('own/slack', values.slack)),
    },
  };
}
