import { fileURLToPath } from 'node:url';
import { startFunctionUrl } from './function-url.ts';
import type { Sandbox } from './index.ts';
import { type SandboxFunction, startFunction } from './lambda.ts';

export type FunctionsOptions = {
  /** changes of the functions' environment */
  env?: Record<string, string | undefined>;
  onLog?: (functionName: string, line: string) => void;
};

export type Functions = Awaited<ReturnType<typeof startFunctions>>;

/** The built functions, wired to the sandbox as serverless.yml wires them to AWS: function URL, queue, worker. */
export async function startFunctions(sandbox: Sandbox, { env, onLog }: FunctionsOptions = {}) {
  const start = (name: string, timeoutMs: number, own: Record<string, string> = {}): SandboxFunction =>
    startFunction({
      name,
      timeoutMs,
      bundle: fileURLToPath(new URL(`../dist/handlers/${name}.cjs`, import.meta.url)),
      env: sandbox.env({ ...own, ...env }),
      onLog: (line) => onLog?.(name, line),
    });
  const webhook = start('webhook', 10_000);
  const revoke = start('revoke', 180_000);
  // Each event source mapping has execution environments of its own.
  const backlog = start('revoke', 180_000);
  const sweepKeys = start('sweep-keys', 60_000);
  const sweepAlerts = start('sweep-alerts', 60_000);
  const url = await startFunctionUrl((event) => webhook.invoke(event));
  const drill = start('drill', 600_000, { LEAKS_URL: url.url });
  const mapping = sandbox.sqs.poll((event) => revoke.invoke(event), { visibilityTimeoutSeconds: 1 });
  const later = sandbox.sqs.pollBacklog((event) => backlog.invoke(event), { visibilityTimeoutSeconds: 1 });
  const sweeps = sandbox.sqs.pollSweeps((event) => sweepKeys.invoke(event));
  return {
    webhook,
    revoke,
    sweepKeys,
    sweepAlerts,
    drill,
    webhookUrl: `${url.url}/`,
    async stop(): Promise<void> {
      await Promise.all([mapping.stop(), later.stop(), sweeps.stop()]);
      await Promise.all([
        url.stop(),
        ...[webhook, revoke, backlog, sweepKeys, sweepAlerts, drill].map((one) => one.stop()),
      ]);
    },
  };
}
