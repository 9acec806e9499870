// A burst of alerts through the built webhook and several workers, with failing upstreams and a limited Devin.
//   npm run bench:load -- [--alerts 1,100,10000] [--workers 4] [--rate 50] [--faults 0.3] [--json]
import { parseArgs } from 'node:util';
import { startContainer } from '../sandbox/container.ts';
import { toEvent } from '../sandbox/function-url.ts';
import { type Sandbox, startSandbox } from '../sandbox/index.ts';
import { injectFaults } from '../sandbox/inject-faults.ts';
import { deletedKeys, outcomeRecords } from '../sandbox/observe.ts';

const { values } = parseArgs({
  options: {
    alerts: { type: 'string', default: '1,100,10000' },
    workers: { type: 'string', default: '4' },
    rate: { type: 'string', default: '50' },
    faults: { type: 'string', default: '0.3' },
    json: { type: 'boolean', default: false },
  },
});
const MIB = 1024 * 1024;
/** As in serverless.yml. */
const WORKER_MS = 180_000;
const WEBHOOK_MS = 10_000;
/** Nothing ended for so long: what is left is lost. */
const STUCK_MS = 15 * 60_000;

type Leak = ReturnType<Sandbox['leak']>;

const rows = [];
for (const alerts of values.alerts.split(',').map(Number)) rows.push(await burst(alerts));
if (values.json) process.stdout.write(`${JSON.stringify(rows, null, 2)}\n`);
else console.table(Object.fromEntries(rows.map(({ alerts, ...row }) => [`${alerts} alerts`, row])));
if (rows.some(({ wrong }) => wrong > 0)) process.exitCode = 1;

async function burst(count: number) {
  const sandbox = await startSandbox();
  const leaks = Array.from({ length: count }, (_, index) =>
    sandbox.leak({ name: `robot ${index}`, repo: `repo-${index % 100}` }),
  );
  const deadAt = new Map<string, number>();
  const share = Number(values.faults);
  const met = injectFaults(sandbox.devin, {
    share,
    perSecond: Number(values.rate),
    onEffect: ({ method, path, status }) => {
      const key = path.split('/').at(-1) ?? '';
      if (method === 'DELETE' && status === 200) deadAt.set(key, performance.now());
    },
  });
  const others = [
    injectFaults(sandbox.github, { share: share / 2, perSecond: 0 }),
    injectFaults(sandbox.s3, { share: share / 3, perSecond: 0 }),
  ];
  const env = sandbox.env();
  const webhook = startContainer('webhook', env, WEBHOOK_MS);
  const workers = Array.from({ length: Number(values.workers) }, () =>
    startContainer('revoke', env, WORKER_MS),
  );
  const reportedAt = new Map<string, number>();
  const begun = performance.now();
  try {
    for (const worker of workers) sandbox.sqs.poll(worker.invoke, { keepsVisibility: true });
    for (const leak of leaks) {
      await report(sandbox, leak, webhook.invoke);
      reportedAt.set(leak.api_key_id, performance.now());
    }
    await untilIdle(sandbox);
    const seconds = (performance.now() - begun) / 1_000;
    const waits = leaks
      .map(
        ({ api_key_id: id }) => ((deadAt.get(id) ?? Number.NaN) - (reportedAt.get(id) ?? Number.NaN)) / 1_000,
      )
      .sort((one, other) => one - other);
    const answers = workers.flatMap((worker) => worker.answers);
    const requests = [sandbox.devin, sandbox.github, sandbox.s3, sandbox.sqs, sandbox.secrets].map(
      (server) => server.requests.length / count,
    );
    return {
      alerts: count,
      wrong: countWrong(sandbox, leaks),
      seconds: round(seconds),
      alerts_a_second: round(count / seconds),
      p50_s: round(waits[Math.floor((waits.length - 1) * 0.5)] ?? Number.NaN),
      p99_s: round(waits[Math.floor((waits.length - 1) * 0.99)] ?? Number.NaN),
      devin: round(requests[0] ?? 0),
      limited: round(met.limited / count),
      github: round(requests[1] ?? 0),
      s3: round(requests[2] ?? 0),
      sqs: round(requests[3] ?? 0),
      faults: [met, ...others].reduce((sum, { broken, lost, refused }) => sum + broken + lost + refused, 0),
      peak_mib: round(Math.max(...answers.map(({ maxRss }) => maxRss)) / MIB),
      last_mib: round(Math.max(...workers.map((worker) => worker.answers.at(-1)?.rss ?? 0)) / MIB),
      sockets: Math.max(...answers.map((answer) => answer.sockets)),
      timers: Math.max(...answers.map((answer) => answer.timers)),
    };
  } finally {
    for (const one of [webhook, ...workers]) one.stop();
    await sandbox.stop();
  }
}

/** Delivers the alert until the webhook accepts it, as GitHub's button does. */
async function report(
  { github, webhookSecret }: Sandbox,
  { alert }: Leak,
  invoke: (event: unknown) => Promise<unknown>,
): Promise<void> {
  const delivery = github.signed(alert, webhookSecret);
  const event = toEvent({
    method: 'POST',
    path: '/',
    query: new URLSearchParams(),
    rawQuery: '',
    ...delivery,
  });
  const answer = await invoke(event);
  if (!JSON.stringify(answer).includes('"statusCode":202')) throw new Error('the webhook refused an alert');
}

/** Until the queue is empty. @throws {Error} when nothing ends any more */
async function untilIdle({ s3, sqs }: Sandbox): Promise<void> {
  let progress = { ended: -1, at: Date.now() };
  while (sqs.waiting().length > 0) {
    await new Promise((resolve) => setTimeout(resolve, 200));
    const ended = s3.requests.length;
    if (ended > progress.ended) progress = { ended, at: Date.now() };
    if (Date.now() - progress.at > STUCK_MS) throw new Error(`${sqs.waiting().length} reports are stuck`);
  }
}

/** Alerts without exactly one outcome, keys that live, keys that were deleted and had not leaked, dead letters. */
function countWrong(sandbox: Sandbox, leaks: readonly Leak[]): number {
  const ended = outcomeRecords(sandbox).map(({ unmapped }) => String(unmapped.api_key_id));
  const leaked = new Set(leaks.map(({ api_key_id }) => api_key_id));
  const missing = leaks.filter(({ api_key_id }) => !ended.includes(api_key_id)).length;
  const twice = ended.length - new Set(ended).size;
  const alive = leaks.filter(({ token }) => sandbox.devin.isLive(token)).length;
  const others = deletedKeys(sandbox).filter((key) => !leaked.has(key)).length;
  return missing + twice + alive + others + sandbox.sqs.deadLetters().length;
}

function round(value: number): number {
  return Number(value.toPrecision(3));
}
