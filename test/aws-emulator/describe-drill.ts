import { randomBytes } from 'node:crypto';
import { GetFunctionConfigurationCommand, UpdateFunctionConfigurationCommand } from '@aws-sdk/client-lambda';
import { PutSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { describe, expect, test } from 'vitest';
import { STACK } from './deploy-stack.ts';
import type { Scene } from './scene.ts';

/** A throwaway key is leaked by the function itself, over the function URL. */
export function describeDrill(scene: () => Scene): void {
  describe('a drill', () => {
    test('leaks a key of its own over the function URL, and sees it die', async () => {
      const { hookUrl, invoke, sandbox, stack, webhookSecret } = scene();
      const { aws } = stack;
      // The host of the emulator's function URLs resolves nowhere.
      const FunctionName = `${STACK}-drill`;
      const { Environment } = await aws.lambda.send(new GetFunctionConfigurationCommand({ FunctionName }));
      const Variables = { ...Environment?.Variables, LEAKS_URL: hookUrl };
      await aws.lambda.send(
        new UpdateFunctionConfigurationCommand({ FunctionName, Environment: { Variables } }),
      );
      const github = await webhookSecret();
      const standard = `whsec_${randomBytes(32).toString('base64')}`;
      const put = (SecretString: string) =>
        aws.secrets.send(
          new PutSecretValueCommand({ SecretId: stack.output('WebhookSecretArn'), SecretString }),
        );
      await put(JSON.stringify({ github, standard }));
      const { service_user_id } = sandbox.devin.createServiceUser({ name: 'drill' });

      const { payload } = await invoke('drill', { drill: { service_user_id } });
      await put(github);

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
}
