// A process of its own, so that the measured process shares nothing with the services that it calls.
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { selfSigned } from '../sandbox/certificate.ts';
import { startSandbox } from '../sandbox/index.ts';
import { startFront } from '../sandbox/tls-front.ts';
import { type Job, prepare, type ScenarioName } from './scenarios.ts';

export type Question =
  | { ask: 'begin'; scenario: ScenarioName }
  /** Of the job that began last, or of all the jobs of that scenario since the last question. */
  | { ask: 'end' };

export type Begun = Pick<Job, 'event' | 'rounds'>;
/** Requests as `METHOD operation` in the order of their arrival. */
export type Ended = { requests: string[]; problems: string[] };
export type Ready = { env: Record<string, string>; cert: string };

const LATENCY_MS = Number(process.argv[2] ?? 30);

const sandbox = await startSandbox();
const services = {
  AWS_ENDPOINT_URL_SECRETS_MANAGER: sandbox.secrets,
  AWS_ENDPOINT_URL_S3: sandbox.s3,
  AWS_ENDPOINT_URL_SQS: sandbox.sqs,
  DEVIN_API_URL: sandbox.devin,
  GITHUB_API_URL: sandbox.github,
};
const certificate = selfSigned();
const env = sandbox.env();
for (const [name, server] of Object.entries(services)) {
  const { url } = server;
  server.onArrival = () => exactly(LATENCY_MS);
  const front = await startFront(url, certificate);
  env[name] = front.url;
  if (name === 'AWS_ENDPOINT_URL_SQS') env.LEAK_QUEUE_URL = sandbox.sqs.queueUrl.replace(url, front.url);
}

let open: Job[] = [];

async function answer(question: Question): Promise<Begun | Ended> {
  if (question.ask === 'begin') {
    const job = await prepare(question.scenario, sandbox, env);
    open.push(job);
    return { event: job.event, rounds: job.rounds };
  }
  const logs = Object.values(services).flatMap(({ requests }) => requests.splice(0));
  const problems = open.length === 1 ? open.flatMap((job) => job.problems()) : [];
  open = [];
  const sorted = logs.sort((one, other) => one.at - other.at);
  return { requests: sorted.map(({ method, operation }) => `${method} ${operation}`), problems };
}

/**
 * Waits to a fraction of a millisecond. A timer alone counts whole milliseconds, and would round smaller differences.
 */
async function exactly(ms: number): Promise<undefined> {
  const end = performance.now() + ms;
  if (ms > 2) await sleep(ms - 2);
  while (performance.now() < end) await turn();
}

process.on('message', (question: Question) => {
  answer(question).then(
    (value) => process.send?.(value),
    (error: unknown) => process.send?.({ requests: [], problems: [String(error)] }),
  );
});
process.on('disconnect', () => process.exit());
const ready: Ready = { env, cert: certificate.cert };
process.send?.(ready);
