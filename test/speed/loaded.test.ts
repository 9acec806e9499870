import { execFile } from 'node:child_process';
import { mkdtempSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BuildOptions, build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { notingStore } from '../../lib/audit/noting-store.ts';
import { awsEnvironment } from '../../lib/aws/environment.ts';
import { s3AuditStore } from '../../lib/aws/write-once-bucket.ts';
import { toEvent } from '../../sandbox/function-url.ts';
import { signedDelivery } from '../../sandbox/github-delivery.ts';
import { type Sandbox, startSandbox } from '../../sandbox/index.ts';

// What a first invocation makes Node load beside the bundle itself, seen from inside a process of its own.

const ROOT = join(import.meta.dirname, '..', '..');
const options: () => BuildOptions = createRequire(import.meta.url)('../../esbuild.config.cjs');
const outdir = mkdtempSync(join(tmpdir(), 'devin-key-revoker-speed-'));
let sandbox: Sandbox;

beforeAll(async () => {
  const entryPoints = ['webhook', 'revoke', 'digest', 'reconcile'].map((name) => `handlers/${name}.ts`);
  const outExtension = { '.js': '.cjs' };
  await build({ ...options(), absWorkingDir: ROOT, entryPoints, outdir, outExtension });
  sandbox = await startSandbox();
  // It builds four functions, which has no part in what is measured.
}, 60_000);
afterAll(async () => {
  await sandbox.stop();
  rmSync(outdir, { recursive: true, force: true });
});

/** `fetch` alone is 25 ms; HTTP/2, compression, child processes and file promises are of the SDK's unused parts. */
const SLOW = /undici|http2|zlib|child_process|internal\/fs\/promises|readline|dns\/promises/;

describe('the first invocation', () => {
  test('of the worker loads no slow part of Node', async () => {
    const { api_key_id, service_user_id, token } = sandbox.leak();
    const { answer, loaded } = await firstInvocation('revoke', { api_key_id, service_user_id, token });
    expect(answer).toMatchObject({ status: 'revoked', recorded: true });
    expect(loaded.filter((name) => SLOW.test(name))).toEqual(await loadedByNothing());
  });

  test('of the webhook loads no slow part of Node', async () => {
    const { answer, loaded } = await firstInvocation('webhook', delivery());
    expect(answer).toMatchObject({ statusCode: 202 });
    expect(loaded.filter((name) => SLOW.test(name))).toEqual(await loadedByNothing());
  });

  test('of the webhook asks for the secret before it loads what reads a delivery', async () => {
    const seen = await firstInvocation('webhook', delivery());
    expect(seen).toMatchObject({ answer: { statusCode: 202 }, zodBeforeFirstRequest: false, zod: true });
  });
});

function delivery(): unknown {
  const { alert } = sandbox.leak();
  const signed = signedDelivery(JSON.stringify(sandbox.github.payload(alert)), sandbox.webhookSecret);
  return toEvent({ ...signed, method: 'POST', path: '/', query: new URLSearchParams(), rawQuery: '' });
}

async function without<T>(name: string, run: () => Promise<T>): Promise<T> {
  const client = join(outdir, `${name}-sdk.cjs`);
  const away = `${client}.away`;
  renameSync(client, away);
  return run().finally(() => renameSync(away, client));
}

describe('the SDK client of Secrets Manager', () => {
  const withoutClient = <T>(run: () => Promise<T>): Promise<T> => without('secrets', run);
  const invoke = async () => {
    const { api_key_id, service_user_id, token } = sandbox.leak();
    const { answer } = await firstInvocation('revoke', { api_key_id, service_user_id, token });
    return answer;
  };

  test('is not even there while the first attempt is answered', async () => {
    expect(await withoutClient(invoke)).toMatchObject({ status: 'revoked' });
  });

  test.each([
    ['answered 500', { status: 500 }],
    ['throttled', { status: 400 }],
    ['broken off', { reset: 'before' as const }],
  ])('asks again when the first attempt is %s', async (_title, fault) => {
    sandbox.secrets.fault(fault);
    expect(await invoke()).toMatchObject({ status: 'revoked' });
    sandbox.secrets.fault(fault);
    expect(await withoutClient(invoke)).toMatchObject({ status: 'failed', retryable: true });
  });
});

describe('the SDK client of S3', () => {
  test('is not even there while a leak is revoked', async () => {
    const { api_key_id, service_user_id, token } = sandbox.leak();
    const { answer } = await without('s3', () =>
      firstInvocation('revoke', { api_key_id, service_user_id, token }),
    );
    expect(answer).toMatchObject({ status: 'revoked', recorded: true });
  });

  test('holds back a sweep when it is not there', async () => {
    const { api_key_id, service_user_id, token } = sandbox.leak();
    const { answer } = await without('s3', () =>
      firstInvocation('revoke', sweepMessage({ api_key_id, service_user_id })),
    );
    expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: 'm-1' }] });
    expect(sandbox.devin.isLive(token)).toBe(true);
  });

  test('lists beside the bundle that reconciles', async () => {
    expect(await firstInvocation('reconcile', {})).toMatchObject({ answer: { lost: 0, queued: 0 } });
  });

  test('lists beside the bundle that writes digests, and the client of KMS signs', async () => {
    const now = Date.now();
    vi.useFakeTimers({ toFake: ['Date'], now: now - 2 * 86_400_000 });
    const store = notingStore(s3AuditStore(awsEnvironment(sandbox.env()), sandbox.auditBucket));
    await store.put('records/old.json', {}, { deadline: Date.now() + 5_000 });
    vi.useRealTimers();
    const { answer } = await firstInvocation('digest', {});
    const signed = sandbox.s3
      .objects('digests/')
      .flatMap(({ key }) => (key.endsWith('/digest.jsonl') ? key : []));
    expect(signed.length).toBeGreaterThan(0);
    expect(answer).toEqual({ days: signed.map((key) => /date=([\d-]+)/.exec(key)?.[1]) });
  });
});

function sweepMessage(key: { api_key_id: string; service_user_id: string }) {
  const report = {
    version: 1,
    report_id: 'sweep/plan/1',
    detector: 'sweep',
    invoked_by: 'schedule',
    reported_at: Date.now(),
    seen_at: Date.now(),
    leak: { kind: 'key', ...key },
  };
  const attributes = { ApproximateReceiveCount: '1' };
  return {
    Records: [{ messageId: 'm-1', body: JSON.stringify(report), eventSource: 'aws:sqs', attributes }],
  };
}

interface Seen {
  readonly answer: unknown;
  readonly loaded: string[];
  readonly zodBeforeFirstRequest: boolean;
  readonly zod: boolean;
}

async function firstInvocation(name: string, event: unknown): Promise<Seen> {
  const script = join(import.meta.dirname, 'first-invocation.cjs');
  const output = await run([script, join(outdir, `${name}.cjs`)], JSON.stringify(event));
  return JSON.parse(output.trim().split('\n').at(-1) ?? '');
}

/** What Node loads anyway. */
async function loadedByNothing(): Promise<string[]> {
  const output = await run(
    ['-e', 'require("node:https"); console.log(JSON.stringify(process.moduleLoadList))'],
    '',
  );
  const loaded: string[] = JSON.parse(output);
  return loaded.filter((name) => SLOW.test(name));
}

function run(args: string[], input: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(process.execPath, args, { env: sandbox.env() }, (error, stdout) =>
      error === null ? resolve(stdout) : reject(error),
    );
    child.stdin?.end(input);
  });
}
