import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BuildOptions, build } from 'esbuild';
import { startSandbox } from './index.ts';
import { startFunction } from './lambda.ts';

const options: () => BuildOptions = createRequire(import.meta.url)('../esbuild.config.cjs');

/** What `aws lambda invoke` would answer. */
export type SandboxInvoked = { kind: 'answered' | 'threw'; payload: string };

/** A sandbox with a leaked key, and the function that revokes it, built afresh. @param onLog gets the function's log */
export async function startRevokeSandbox(onLog: (line: string) => void) {
  const folder = mkdtempSync(join(tmpdir(), 'revoke-'));
  const source = fileURLToPath(new URL('../handlers/revoke.ts', import.meta.url));
  await build({ ...options(), entryPoints: [source], outdir: folder, outExtension: { '.js': '.cjs' } });
  const sandbox = await startSandbox({ sqs: false });
  const { api_key_id, service_user_id } = sandbox.leak();
  const env = sandbox.env();
  const bundle = join(folder, 'revoke.cjs');
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
      rmSync(folder, { recursive: true });
    },
  };
}
