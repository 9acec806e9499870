// The audit log at size: its functions, and the commands that people run on it, against an S3 over real HTTP that makes its
// records when they are asked for.
//   npm run bench:audit -- [--records 1000,100000,1000000] [--only digest,reconcile,verify,show,report] [--seconds 900] [--json]
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { lastCompleteDay } from '../../lib/audit/digest/days.ts';
import { countdown } from '../../lib/domain/time.ts';
import { runCommand } from './command.ts';
import type { Ran } from './function.ts';
import { invoke } from './invoke.ts';
import { type MadeBucket, startBucket } from './made-bucket.ts';
import { lostReport } from './made-log.ts';
import { signDay } from './sign-day.ts';
import type { Used } from './used.ts';

const PARTS = ['digest', 'reconcile', 'verify', 'show', 'report'] as const;
type Part = (typeof PARTS)[number];

const { values } = parseArgs({
  options: {
    records: { type: 'string', default: '1000,100000,1000000' },
    only: { type: 'string', default: PARTS.join() },
    // Of one invocation of a function.
    seconds: { type: 'string', default: '900' },
    json: { type: 'boolean', default: false },
  },
});
/** Intents that are new to a run of reconcile. */
const NEW_INTENTS = 20;

interface Figures {
  readonly part: Part;
  readonly records: number;
  readonly seconds: number;
  /** Of processor time. A machine that does other work takes longer, not more of it. */
  readonly cpu_seconds: number;
  readonly requests: number;
  readonly peak_mib: number;
  readonly invocations: number;
}

const wanted = partsOf(values.only);
const figures: Figures[] = [];
if (!values.json)
  process.stdout.write(
    '| part | records | time | processor time | requests to S3 | peak memory | invocations |\n|---|---|---|---|---|---|---|\n',
  );
for (const records of values.records.split(',').map(Number)) await measureAll(records);
if (values.json) process.stdout.write(`${JSON.stringify(figures, null, 2)}\n`);

function partsOf(text: string): readonly Part[] {
  const parts = text.split(',');
  const unknown = parts.filter((part) => !PARTS.some((known) => known === part));
  if (unknown.length > 0) throw new Error(`--only takes ${PARTS.join(', ')}, not ${unknown.join(', ')}`);
  return PARTS.filter((part) => parts.includes(part));
}

async function measureAll(records: number): Promise<void> {
  const day = lastCompleteDay(Date.now());
  const inBucket = async (use: (bucket: MadeBucket) => Promise<void>): Promise<void> => {
    const bucket = await startBucket(day, records);
    await use(bucket).finally(bucket.stop);
  };
  if (wanted.some((part) => part !== 'reconcile'))
    await inBucket(async (bucket) => {
      if (wanted.includes('digest')) note(await digest(bucket));
      else await signDay(bucket);
      await runCommands(bucket);
    });
  if (wanted.includes('reconcile')) await inBucket(async (bucket) => note(await reconcile(bucket)));
}

/** A day of so many records, signed, in as many invocations as it takes. */
function digest(bucket: MadeBucket): Promise<Figures> {
  return invokeAll('digest', bucket, ({ days }) => days?.includes(bucket.day) === true);
}

/** One run beside so many records: the new intents, and one report that is lost. */
function reconcile(bucket: MadeBucket): Promise<Figures> {
  const { day, made, records, s3 } = bucket;
  const { body, path } = lostReport(day);
  const intent = path.replace(`date=${day}`, 'date=2020-01-01');
  s3.put(intent, body, Date.now() - 3_600_000);
  const through = made.noteOf(Math.ceil(records / 2) - 1 - NEW_INTENTS);
  const state = { version: 1, through, open: [{ intent, queued: 0, next: 0 }] };
  s3.put(`state/reconcile/${countdown(Date.now() - 300_000)}.json`, JSON.stringify(state));
  return invokeAll('reconcile', bucket, ({ lost, open }) => lost === 1 && open === 1);
}

/** What people run on a log that is signed. */
async function runCommands(bucket: MadeBucket): Promise<void> {
  const { day, env, kms, records, s3 } = bucket;
  const folder = mkdtempSync(join(tmpdir(), 'bench-audit-'));
  const key = join(folder, 'key.pem');
  writeFileSync(key, kms.publicKeyPem);
  const commands: readonly (readonly [part: Part, args: readonly string[]])[] = [
    ['verify', ['verify', '--key', key]],
    ['show', ['show', 'acme/webshop/00000007']],
    ['report', ['report', '--from', day, '--to', day, '-o', join(folder, 'report.html')]],
  ];
  for (const [part, args] of commands.filter(([name]) => wanted.includes(name))) {
    const before = s3.requests;
    const { code, ms, stderr, stdout, ...used } = await runCommand(['audit-log', ...args], env);
    if (code !== 0) throw new Error(`${part} ended with ${code}: ${stderr}${stdout.slice(0, 500)}`);
    note(figuresOf(part, records, [{ ms, ...used }], s3.requests - before));
  }
  rmSync(folder, { recursive: true });
}

interface Answer {
  readonly days?: readonly string[];
  readonly unfinished?: string;
  readonly lost?: number;
  readonly open?: number;
}

async function invokeAll(
  part: 'digest' | 'reconcile',
  { env, records, s3 }: MadeBucket,
  isRight: (answer: Answer) => boolean,
): Promise<Figures> {
  const runs: Ran[] = [];
  for (;;) {
    const ran = await invoke(part, env, Number(values.seconds));
    runs.push(ran);
    const answer: Answer = Object(ran.answer);
    if (answer.unfinished !== undefined) continue;
    if (!isRight(answer)) throw new Error(`${part} answered ${JSON.stringify(answer)}`);
    return figuresOf(part, records, runs, s3.requests);
  }
}

function figuresOf(
  part: Part,
  records: number,
  runs: readonly (Used & { readonly ms: number })[],
  requests: number,
): Figures {
  const sum = (of: readonly number[]) => Number(of.reduce((total, each) => total + each, 0).toFixed(1));
  return {
    part,
    records,
    seconds: sum(runs.map(({ ms }) => ms / 1_000)),
    cpu_seconds: sum(runs.map(({ cpuSeconds }) => cpuSeconds)),
    requests,
    peak_mib: Math.round(Math.max(...runs.map(({ peakMib }) => peakMib))),
    invocations: runs.length,
  };
}

function note(row: Figures): void {
  figures.push(row);
  if (values.json) return;
  const { cpu_seconds, invocations, part, peak_mib, records, requests, seconds } = row;
  const [many, sent] = [records, requests].map((number) => number.toLocaleString('en'));
  process.stdout.write(
    `| ${part} | ${many} | ${seconds} s | ${cpu_seconds} s | ${sent} | ${peak_mib} MiB | ${invocations} |\n`,
  );
}
