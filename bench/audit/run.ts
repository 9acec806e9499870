// The functions of the audit log at size, on an S3 over real HTTP that makes its records when they are asked for.
//   npm run bench:audit -- [--records 1000,100000,1000000] [--json]
import { fork } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { lastCompleteDay } from '../../lib/audit/digest/days.ts';
import { countdown } from '../../lib/domain/time.ts';
import { startKms } from '../../sandbox/kms.ts';
import { runCommand } from './command.ts';
import type { Ran } from './function.ts';
import { lostReport, madeDay } from './made-log.ts';
import { startVirtualS3, type VirtualS3 } from './virtual-s3.ts';

const { values } = parseArgs({
  options: {
    records: { type: 'string', default: '1000,100000,1000000' },
    json: { type: 'boolean', default: false },
  },
});
/** As Node takes it from the memory of a function of 512 MB. */
const HEAP_MIB = 256;
/** Intents that are new to a run of reconcile. */
const NEW_INTENTS = 20;

interface Figures {
  readonly job: string;
  readonly records: number;
  readonly seconds: number;
  readonly requests: number;
  readonly peak_mib: number;
  readonly invocations: number;
}

const figures: Figures[] = [];
for (const records of values.records.split(',').map(Number)) {
  const of = [...(await digest(records)), ...(await reconcile(records))];
  figures.push(...of);
  if (!values.json) print(of);
}
if (values.json) process.stdout.write(`${JSON.stringify(figures, null, 2)}\n`);

/** A day of so many records, signed; in as many invocations of 15 minutes as it takes. Then what people run on it. */
async function digest(records: number): Promise<Figures[]> {
  const day = lastCompleteDay(Date.now());
  return measure('digest', records, day, ({ days }) => days?.includes(day) === true, commands);
}

/** One run beside so many records: the new intents, and one report that is lost. */
async function reconcile(records: number): Promise<Figures[]> {
  const day = lastCompleteDay(Date.now());
  return measure('reconcile', records, day, ({ lost, open }) => lost === 1 && open === 1);
}

interface Answer {
  readonly days?: readonly string[];
  readonly unfinished?: string;
  readonly lost?: number;
  readonly open?: number;
}

interface Bench {
  readonly records: number;
  readonly day: string;
  readonly env: NodeJS.ProcessEnv;
  readonly s3: VirtualS3;
  readonly publicKey: string;
}

/** What people run on a log that is signed. */
async function commands({ day, env, publicKey, records, s3 }: Bench): Promise<Figures[]> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-audit-'));
  const [key, page] = [join(folder, 'key.pem'), join(folder, 'report.html')];
  writeFileSync(key, publicKey);
  const jobs: readonly (readonly [job: string, args: readonly string[]])[] = [
    ['verify', ['verify', '--key', key]],
    ['show an alert', ['show', 'acme/webshop/00000007']],
    ['report', ['report', '--from', day, '--to', day, '-o', page]],
  ];
  const figures: Figures[] = [];
  for (const [job, args] of jobs) {
    const before = s3.requests;
    const { code, ms, peakMib, stderr, stdout } = await runCommand(['audit-log', ...args], env);
    if (code !== 0) throw new Error(`${job} ended with ${code}: ${stderr}${stdout.slice(0, 500)}`);
    figures.push({
      job,
      records,
      seconds: Number((ms / 1_000).toFixed(1)),
      requests: s3.requests - before,
      peak_mib: Math.round(peakMib),
      invocations: 1,
    });
  }
  rmSync(folder, { recursive: true });
  return figures;
}

async function measure(
  job: 'digest' | 'reconcile',
  records: number,
  day: string,
  isRight: (answer: Answer) => boolean,
  andThen: (bench: Bench) => Promise<Figures[]> = async () => [],
): Promise<Figures[]> {
  const made = madeDay(day, records);
  // In the order of their prefixes.
  const s3 = await startVirtualS3([made.notes, made.records]);
  const [kms, queue] = await Promise.all([startKms(), startQueue()]);
  if (job === 'reconcile') {
    const { body, path } = lostReport(day);
    s3.put(path.replace(`date=${day}`, 'date=2020-01-01'), body, Date.now() - 3_600_000);
    const through = made.noteOf(Math.ceil(records / 2) - 1 - NEW_INTENTS);
    const open = [{ intent: path.replace(`date=${day}`, 'date=2020-01-01'), queued: 0, next: 0 }];
    s3.put(
      `state/reconcile/${countdown(Date.now() - 300_000)}.json`,
      JSON.stringify({ version: 1, through, open }),
    );
  }
  const env = {
    PATH: process.env.PATH,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'bench',
    AWS_SECRET_ACCESS_KEY: 'bench',
    AWS_ENDPOINT_URL_S3: s3.url,
    AWS_ENDPOINT_URL_KMS: kms.url,
    AWS_ENDPOINT_URL_SQS: queue.url,
    AUDIT_BUCKET: 'audit',
    AUDIT_KEY_ID: kms.keyArn,
    LEAK_QUEUE_URL: `${queue.url}/1/leaks`,
  };
  try {
    const runs: Ran[] = [];
    for (;;) {
      const ran = await run(job, env);
      runs.push(ran);
      const answer: Answer = Object(ran.answer);
      if (answer.unfinished !== undefined) continue;
      if (!isRight(answer)) throw new Error(`${job} answered ${JSON.stringify(answer)}`);
      break;
    }
    const figures: Figures = {
      job,
      records,
      seconds: Number((runs.reduce((sum, { ms }) => sum + ms, 0) / 1_000).toFixed(1)),
      requests: s3.requests,
      peak_mib: Math.round(Math.max(...runs.map(({ peakMib }) => peakMib))),
      invocations: runs.length,
    };
    return [figures, ...(await andThen({ records, day, env, s3, publicKey: kms.publicKeyPem }))];
  } finally {
    await Promise.all([s3.stop(), kms.stop(), queue.stop()]);
  }
}

function run(name: string, env: NodeJS.ProcessEnv): Promise<Ran> {
  const file = fileURLToPath(new URL('./function.ts', import.meta.url));
  return new Promise((resolve, reject) => {
    const child = fork(file, [name, '900'], {
      env,
      silent: true,
      execArgv: [`--max-old-space-size=${HEAP_MIB}`],
    });
    child.stdout?.resume();
    child.stderr?.pipe(process.stderr);
    child.once('message', (ran: Ran) => resolve(ran));
    child.once('exit', (code) => code !== 0 && reject(new Error(`${name} ended with ${code}`)));
  });
}

/** A queue that takes every message. */
async function startQueue() {
  const server = createServer((request, response) => {
    request.resume().once('end', () => response.end('{"MessageId":"1"}'));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    stop: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}

function print(rows: readonly Figures[]): void {
  for (const { invocations, job, peak_mib, records, requests, seconds } of rows) {
    process.stdout.write(
      `| ${job} | ${records.toLocaleString('en')} | ${seconds} s | ${requests.toLocaleString('en')} | ${peak_mib} MiB | ${invocations} |\n`,
    );
  }
}
