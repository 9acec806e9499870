import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { startSandbox } from './index.ts';
import { startFunction } from './lambda.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** What `aws lambda invoke` would answer. */
export type SandboxInvoked = { kind: 'answered' | 'threw'; payload: string };

/** A sandbox with a leaked key, and the function that revokes it, built afresh. @param onLog gets the function's log */
export async function startRevokeSandbox(onLog: (line: string) => void) {
  const { status } = spawnSync(process.execPath, ['esbuild.config.cjs', '--quiet'], { cwd: ROOT });
  if (status !== 0) throw new Error('the functions could not be built');
  const sandbox = await startSandbox({ sqs: false });
  const { api_key_id, service_user_id } = sandbox.leak();
  const env = sandbox.env();
  const bundle = fileURLToPath(new URL('../dist/handlers/revoke.cjs', import.meta.url));
  const worker = startFunction({ name: 'revoke', timeoutMs: 180_000, bundle, env, onLog });
  return {
    env,
    leaked: { api_key_id, service_user_id },
    async invoke(event: object): Promise<SandboxInvoked> {
      try {
        return { kind: 'answered', payload: JSON.stringify(await worker.invoke(event)) };
      } catch (error) {
        const { message, name } = error instanceof Error ? error : new Error(String(error));
        return { kind: 'threw', payload: JSON.stringify({ errorType: name, errorMessage: message }) };
      }
    },
    async stop(): Promise<void> {
      await worker.stop();
      await sandbox.stop();
    },
  };
}
