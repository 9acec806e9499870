import { randomBytes } from 'node:crypto';
import { GetFunctionConfigurationCommand, UpdateFunctionConfigurationCommand } from '@aws-sdk/client-lambda';
import { PutSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { STACK } from './deploy-stack.ts';
import type { Scene } from './scene.ts';

/** A throwaway key is leaked by the function itself, over the function URL. */
export function describeDrill(scene: () => Scene): void {
  describe('a drill', () => {
    let secret: string;

    beforeAll(async () => {
      secret = await scene().webhookSecret();
      const standard = `whsec_${randomBytes(32).toString('base64')}`;
      await putSecret(JSON.stringify({ github: secret, standard }));
      await leakTo(scene().hookUrl);
    });
    afterAll(() => putSecret(secret));

    test('leaks a key of its own over the function URL, and sees it die', async () => {
      const { invoke, sandbox } = scene();
      const { service_user_id } = sandbox.devin.createServiceUser({ name: 'drill' });

      const { payload } = await invoke('drill', { drill: { service_user_id } });

      expect(payload).toMatchObject({ status: 'passed', service_user_id, problems: [] });
      expect(sandbox.devin.key(payload.api_key_id)).toMatchObject({ is_active: false });
    });

    test('that cannot be made is told to people', async () => {
      const { invoke, leak } = scene();
      const { service_user_id } = leak();

      const { payload } = await invoke('drill', { drill: { service_user_id } });

      expect(payload).toMatchObject({ status: 'failed', service_user_id });
    });
  });

  async function putSecret(SecretString: string): Promise<void> {
    const { aws, output } = scene().stack;
    await aws.secrets.send(new PutSecretValueCommand({ SecretId: output('WebhookSecretArn'), SecretString }));
  }

  /** The host of the emulator's function URLs resolves nowhere. */
  async function leakTo(LEAKS_URL: string): Promise<void> {
    const { lambda } = scene().stack.aws;
    const FunctionName = `${STACK}-drill`;
    const { Environment } = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName }));
    const Variables = { ...Environment?.Variables, LEAKS_URL };
    await lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName, Environment: { Variables } }));
  }
}
