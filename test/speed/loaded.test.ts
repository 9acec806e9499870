import { execFile } from 'node:child_process';
import { mkdtempSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BuildOptions, build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { toEvent } from '../../sandbox/function-url.ts';
import { signedDelivery } from '../../sandbox/github-delivery.ts';
import { type Sandbox, startSandbox } from '../../sandbox/index.ts';

// What a first invocation makes Node load beside the bundle itself, seen from inside a process of its own.

const ROOT = join(import.meta.dirname, '..', '..');
const options: () => BuildOptions = createRequire(import.meta.url)('../../esbuild.config.cjs');
const outdir = mkdtempSync(join(tmpdir(), 'devin-key-revoker-speed-'));
let sandbox: Sandbox;

beforeAll(async () => {
  const entryPoints = ['webhook', 'revoke'].map((name) => `handlers/${name}.ts`);
  const outExtension = { '.js': '.cjs' };
  await build({ ...options(), absWorkingDir: ROOT, entryPoints, outdir, outExtension });
  sandbox = await startSandbox();
});
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

describe('the SDK client of Secrets Manager', () => {
  const client = join(outdir, 'secrets-sdk.cjs');
  const away = `${client}.away`;
  const withoutClient = async <T>(run: () => Promise<T>): Promise<T> => {
    renameSync(client, away);
    return run().finally(() => renameSync(away, client));
  };
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
