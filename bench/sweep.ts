// A sweep of 100,000 service users with 300,000 keys, in chained invocations of the built function.
//   npm run bench:sweep -- [--users 100000] [--keys 3] [--latency 0] [--seconds 900] [--never-expires] [--json]
import { fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { parseDocument } from 'yaml';
import { startCrowd } from '../sandbox/devin-crowd.ts';
import { startSandbox } from '../sandbox/index.ts';

const { values } = parseArgs({
  options: {
    users: { type: 'string', default: '100000' },
    keys: { type: 'string', default: '3' },
    latency: { type: 'string', default: '0' },
    seconds: { type: 'string', default: '60' },
    'never-expires': { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
const users = Number(values.users);
const timeoutMs = Number(values.seconds) * 1_000;

type Answer = {
  requestId: string;
  result?: Record<string, unknown>;
  error?: string;
  rss: number;
  maxRss: number;
};
const MIB = 1024 * 1024;

const serverless = readFileSync(new URL('../serverless.yml', import.meta.url), 'utf8');
const deployed = parseDocument(serverless, { logLevel: 'silent' }).toJS().functions['sweep-keys'];

const sandbox = await startSandbox();
const crowd = await startCrowd({
  users,
  keys: Number(values.keys),
  expiredEvery: Math.ceil(users / 20),
  expiringEvery: Math.ceil(users / 100),
  latencyMs: Number(values.latency),
  neverExpires: values['never-expires'],
});
const child = fork(fileURLToPath(new URL('../sandbox/container.cjs', import.meta.url)), ['sweep-keys'], {
  env: sandbox.env({ DEVIN_API_URL: crowd.url, SWEEP_MODE: 'enforce' }),
  silent: true,
  // As Node takes it from the memory of a function of 512 MB, and as the function is deployed.
  execArgv: ['--max-old-space-size=256', deployed.environment.NODE_OPTIONS],
});
child.stdout?.resume();
child.stderr?.pipe(process.stderr);
child.once('exit', (code) => code !== null && fail(`the function ended with ${code}`));

const answers: Answer[] = [];
async function invoke(event: unknown): Promise<Answer> {
  const requestId = randomUUID();
  const answering = answerTo(requestId);
  child.send({ event, requestId, timeoutMs });
  const answer = await answering;
  answers.push(answer);
  return answer;
}

const begun = performance.now();
try {
  await new Promise<void>((resolve, reject) => {
    const follow = (answer: Answer): void => {
      if (answer.error !== undefined) reject(new Error(answer.error));
      if (answer.result?.status !== 'unfinished') resolve();
    };
    sandbox.sqs.pollSweeps(async (event) => follow(await invoke(event)));
    invoke({}).then(follow, reject);
  });
  report((performance.now() - begun) / 1_000);
} finally {
  child.kill();
  await Promise.all([crowd.stop(), sandbox.stop()]);
}

function fail(reason: string): never {
  process.stderr.write(`${reason}\n`);
  process.exit(1);
}

function report(seconds: number): void {
  const last = answers.at(-1);
  const { never, twice, users: present } = crowd.listed();
  const queued = sandbox.sqs.backlogSent().length;
  const figures = {
    status: last?.result?.status,
    totals: last?.result?.totals,
    service_users_in_the_end: present,
    never_listed: never,
    // Only the service users of planned revocations are listed again, before these are queued.
    listed_twice: twice,
    reports_queued: queued,
    invocations: answers.length,
    requests_to_devin: crowd.answered(),
    objects_in_the_bucket: sandbox.s3.objects().length,
    seconds: Math.round(seconds),
    rss_after_first_invocation_mib: Math.round((answers[0]?.rss ?? 0) / MIB),
    rss_after_last_invocation_mib: Math.round((last?.rss ?? 0) / MIB),
    peak_rss_mib: Math.round(Math.max(...answers.map(({ maxRss }) => maxRss)) / MIB),
  };
  if (values.json) process.stdout.write(`${JSON.stringify(figures, null, 2)}\n`);
  else console.table(Object.entries(figures).map(([figure, value]) => ({ figure, value: text(value) })));
  if (never > 0 || twice !== queued) process.exitCode = 1;
}

function text(value: unknown): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** An invocation may begin before the one before it has answered. */
function answerTo(requestId: string): Promise<Answer> {
  return new Promise((resolve) => {
    const take = (answer: Answer): void => {
      if (answer.requestId !== requestId) return;
      child.off('message', take);
      resolve(answer);
    };
    child.on('message', take);
  });
}
