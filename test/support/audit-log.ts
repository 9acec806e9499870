import { vi } from 'vitest';
import { findHeads, type Head } from '../../lib/audit/digest/format.ts';
import { type Sandbox, startSandbox } from '../../sandbox/index.ts';
import { captureOutput, lambdaContext, loadHandler, type Output } from './load-handler.ts';

/** A made audit log: a leak on each day, and the digests of all of them. */
export interface AuditLog {
  readonly sandbox: Sandbox;
  readonly bucket: string;
  /** PEM. */
  readonly publicKey: string;
  /** As a recipient outside the account has collected them, oldest first. */
  readonly heads: readonly Head[];
  /** Epoch milliseconds: after the last digest was due, and before the next one is. */
  readonly now: number;
  /** Has a key leak and be revoked at a time. */
  leakAt(time: number): Promise<void>;
  /** Runs the digest function at a time. */
  digestAt(time: number): Promise<{ readonly days: readonly string[]; readonly unfinished?: string }>;
  stop(): Promise<void>;
}

export const LOG_DAYS = ['2026-07-30', '2026-07-31', '2026-08-01'] as const;

/** Epoch milliseconds. */
export const atTime = (day: string, time: string): number => Date.parse(`${day}T${time}.000Z`);

/** An empty log, whose functions run at the times that a test says. */
export async function emptyLog(): Promise<AuditLog & { readonly output: Output }> {
  const sandbox = await startSandbox({ sqs: false });
  const output = captureOutput();
  const context = () => lambdaContext({ getRemainingTimeInMillis: () => 60_000 });
  const env = () => sandbox.env({ LEAK_QUEUE_URL: '' });
  const collected: Head[] = [];

  async function at<T>(time: number, work: () => Promise<T>): Promise<T> {
    vi.useFakeTimers({ toFake: ['Date'], now: time });
    try {
      return await work();
    } finally {
      vi.useRealTimers();
    }
  }

  return {
    sandbox,
    output,
    bucket: sandbox.auditBucket,
    publicKey: sandbox.kms.publicKeyPem,
    heads: collected,
    now: atTime('2026-08-02', '03:00:00'),
    leakAt: (time) =>
      at(time, async () => {
        const { api_key_id, service_user_id } = sandbox.leak();
        await (await loadHandler('revoke', env()))({ service_user_id, api_key_id }, context());
      }),
    digestAt: (time) =>
      at(time, async () => {
        output.clear();
        const digested = await (await loadHandler('digest', env()))({}, context());
        collected.push(...findHeads(output.text()));
        return digested;
      }),
    async stop() {
      output.restore();
      vi.unstubAllEnvs();
      await sandbox.stop();
    },
  };
}

/** Three days with a leak each, and their digests, each signed in time. */
export async function threeDays(): Promise<AuditLog & { readonly output: Output }> {
  const log = await emptyLog();
  for (const [index, day] of LOG_DAYS.entries()) {
    await log.leakAt(atTime(day, '12:00:00'));
    await log.digestAt(atTime(LOG_DAYS[index + 1] ?? '2026-08-02', '00:30:00'));
  }
  return log;
}
