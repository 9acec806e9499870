import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { selfSigned } from '../../sandbox/certificate.ts';

export const ACCOUNT = '123456789012';
export const REGION = 'us-east-1';

/** What the policy evaluator said of a call of a role: a statement that allowed it, or that it was refused. */
export interface Decision {
  readonly role: string;
  readonly action: string;
  readonly resource: string;
  readonly decision: 'allowed' | 'refused';
  /** Of the statement that decided; empty when there was none. */
  readonly sid: string;
}

export type Aged =
  | { readonly bucket: string; readonly prefix: string }
  | { readonly queue: string }
  /** By its logical id. */
  | { readonly schedule: string };

export interface Emulator {
  readonly url: string;
  /** PEM, of the certificate that it serves. */
  readonly certificate: string;
  /** For a process that calls it as the administrator of the account. */
  readonly env: Readonly<Record<string, string>>;
  /** All that it and the functions wrote so far. */
  readonly log: readonly string[];
  /** The decisions on the calls that roles made so far. */
  decisions(): Promise<Decision[]>;
  /** Makes objects or the last run of a schedule older, or brings messages back sooner, as if time had passed. @returns how many */
  age(what: Aged, seconds: number): Promise<number>;
  stop(): Promise<void>;
}

/** Starts MiniStack on a free loopback port, with TLS, and with signatures and policies checked. */
export async function startEmulator(python: string): Promise<Emulator> {
  const folder = await mkdtemp(join(tmpdir(), 'aws-emulator-'));
  const port = await freePort();
  const { cert, key } = selfSigned();
  const files = { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') };
  await Promise.all([writeFile(files.cert, cert), writeFile(files.key, key)]);
  const url = `https://127.0.0.1:${port}`;
  const env = {
    AWS_ENDPOINT_URL: url,
    AWS_REGION: REGION,
    AWS_ACCESS_KEY_ID: `AKIA${randomBytes(8).toString('hex').toUpperCase()}`,
    AWS_SECRET_ACCESS_KEY: randomBytes(20).toString('hex'),
    NODE_EXTRA_CA_CERTS: files.cert,
  };
  const decided = join(folder, 'decisions.jsonl');
  const child = spawn(python, [join(import.meta.dirname, 'emulator.py'), decided], {
    cwd: folder,
    // A group of its own, which the functions join, so that none of them outlives it.
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
    env: {
      ...env,
      PATH: process.env.PATH ?? '',
      HOME: folder,
      TMPDIR: folder,
      AUTH: 'true',
      USE_SSL: '1',
      IOT_MTLS_ENABLED: 'false',
      BIND_HOST: '127.0.0.1',
      GATEWAY_PORT: String(port),
      MINISTACK_HOST: '127.0.0.1',
      MINISTACK_ACCOUNT_ID: ACCOUNT,
      MINISTACK_SSL_CERT: files.cert,
      MINISTACK_SSL_KEY: files.key,
    },
  });
  const aged: ((count: number) => void)[] = [];
  const log = readOutput(child, (count) => aged.shift()?.(count));
  await listening(child, port, log);
  return {
    url,
    certificate: cert,
    env,
    log,
    decisions: async () =>
      (await readFile(decided, 'utf8'))
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line)),
    age(what, seconds) {
      const { promise, resolve } = Promise.withResolvers<number>();
      aged.push(resolve);
      child.stdin?.write(`${JSON.stringify({ ...what, seconds })}\n`);
      return promise;
    },
    async stop() {
      if (child.exitCode === null && child.pid !== undefined) {
        const exit = once(child, 'exit');
        process.kill(-child.pid, 'SIGKILL');
        await exit;
      }
      if (process.env.KEEP_EMULATOR_LOG) await writeFile(process.env.KEEP_EMULATOR_LOG, log.join('\n'));
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

function readOutput(child: ChildProcess, onAged: (count: number) => void): string[] {
  const log: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) continue;
    createInterface({ input: stream }).on('line', (line) => {
      const aged = /^aged (\d+)$/.exec(line)?.[1];
      if (aged !== undefined) onAged(Number(aged));
      else log.push(line);
    });
  }
  return log;
}

async function listening(child: ChildProcess, port: number, log: readonly string[]): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!log.some((line) => line.includes(`Running on https://127.0.0.1:${port}`))) {
    if (child.exitCode !== null || Date.now() > deadline) {
      throw new Error(`MiniStack did not start:\n${log.slice(-20).join('\n')}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no free port');
  return address.port;
}
