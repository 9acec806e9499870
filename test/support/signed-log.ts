import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { vi } from 'vitest';
import { formatHead, headOf } from '../../lib/audit/digest/format.ts';
import { callAws } from '../../lib/aws/call-aws.ts';
import { awsEnvironment, bucketUrl } from '../../lib/aws/environment.ts';
import { type Sandbox, startSandbox } from '../../sandbox/index.ts';
import { lambdaContext, loadHandler } from './load-handler.ts';

const BUCKET = 'devin-key-revoker-audit';

/** A bucket with records and digests, and what an insider may do to it. */
export interface SignedLog {
  readonly sandbox: Sandbox;
  /** The public key, in a file. */
  readonly keyFile: string;
  /** A key is revoked at noon. */
  leakOn(day: string): Promise<void>;
  /** The function that signs runs. */
  sign(time: number): Promise<void>;
  /** The keys with a prefix. */
  keys(prefix?: string): string[];
  text(key: string): string;
  /** The heads of all digests, as they are now. */
  heads(): string[];
  /** Puts a version over whatever there is. */
  overwrite(key: string, text: string): Promise<void>;
  /** Removes every version, as a person may who bypasses the retention. */
  erase(key: string): Promise<void>;
  /** Adds a delete marker. */
  hide(key: string): Promise<void>;
  /** A copy in a folder, as `aws s3 sync` makes it. */
  copy(): string;
  stop(): Promise<void>;
}

export function at(day: string, time: string): number {
  return Date.parse(`${day}T${time}.000Z`);
}

/** Nothing may be pending on a real clock: the time of day is set by hand. */
export async function signedLog(): Promise<SignedLog> {
  const sandbox = await startSandbox({ sqs: false });
  const folder = mkdtempSync(join(tmpdir(), 'signed-log-'));
  const keyFile = join(folder, 'key.pem');
  writeFileSync(keyFile, sandbox.kms.publicKeyPem);
  const aws = awsEnvironment(sandbox.env());
  const env = { ...sandbox.env(), LEAK_QUEUE_URL: '' };
  const context = () => lambdaContext({ getRemainingTimeInMillis: () => 60_000 });
  const invoke = async (name: 'revoke' | 'digest', time: number, event: object) => {
    vi.useFakeTimers({ toFake: ['Date'], now: time });
    try {
      await (await loadHandler(name, env))(event, context());
    } finally {
      vi.useRealTimers();
      vi.unstubAllEnvs();
    }
  };
  async function request(method: string, key: string, query = '', body?: string): Promise<void> {
    const url = `${bucketUrl(aws, BUCKET)}/${key}${query}`;
    const answer = await callAws(
      aws,
      { service: 's3', method, url, ...(body !== undefined && { body }) },
      { deadline: Date.now() + 5_000 },
    );
    if (answer.status !== 200 && answer.status !== 204) throw new Error(`${method} ${key}: ${answer.code}`);
  }
  const get = (key: string) => sandbox.s3.get(key)?.body ?? '';
  let copies = 0;
  return {
    sandbox,
    keyFile,
    leakOn: (day) => {
      const { api_key_id, service_user_id } = sandbox.leak();
      return invoke('revoke', at(day, '12:00:00'), { service_user_id, api_key_id });
    },
    sign: (time) => invoke('digest', time, {}),
    keys: (prefix) => sandbox.s3.objects(prefix).map(({ key }) => key),
    text: get,
    heads: () =>
      sandbox.s3
        .objects('digests/')
        .flatMap(({ key }) => /date=([^/]*)\/digest\.jsonl$/.exec(key)?.[1] ?? [])
        .map((day) => formatHead(headOf(day, get(`digests/date=${day}/digest.jsonl`)))),
    overwrite: (key, text) => request('PUT', key, '', text),
    erase: async (key) => {
      for (const { versionId } of sandbox.s3.versions(key))
        await request('DELETE', key, `?versionId=${versionId}`);
    },
    hide: (key) => request('DELETE', key),
    copy: () => {
      const target = join(folder, `copy-${++copies}`);
      for (const { body, key } of sandbox.s3.objects()) {
        mkdirSync(dirname(join(target, key)), { recursive: true });
        writeFileSync(join(target, key), body);
      }
      return target;
    },
    stop: async () => {
      await sandbox.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
