import { type ChildProcess, fork, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import type { Peer } from './peers.ts';
import { waitOf } from './rounds.ts';
import type { ScenarioName } from './scenarios.ts';
import type { Begun, Ended, Question, Ready } from './upstreams.ts';

export interface Sample {
  /** Milliseconds from the start of the process to its end. */
  readonly ms: number;
  /** Milliseconds of processor time, which other processes on the machine move less. */
  readonly cpuMs: number;
  readonly memoryKb: number;
}

export type Bench = Awaited<ReturnType<typeof startBench>>;

/** The upstreams, and a way to run processes against them. */
export async function startBench(latencyMs: number) {
  const folder = mkdtempSync(join(tmpdir(), 'devin-key-revoker-bench-'));
  const upstreams = fork(join(import.meta.dirname, 'upstreams.ts'), [String(latencyMs)]);
  const [ready]: Ready[] = await once(upstreams, 'message');
  if (ready === undefined) throw new Error('the upstreams did not start');
  const env = environment(folder, ready, latencyMs);
  const ask = questions(upstreams);

  async function run(command: readonly string[], input: unknown, more: Record<string, string> = {}) {
    const file = join(folder, 'input.json');
    writeFileSync(file, JSON.stringify(input));
    const stdin = openSync(file, 'r');
    try {
      return await runProcess(command, stdin, { ...env, ...more, BENCH_REQUEST_ID: randomUUID() });
    } finally {
      closeSync(stdin);
    }
  }

  return {
    ask,
    run,
    /** One cold start of a peer, checked to have done the whole job. */
    async sample(peer: Peer, scenario: ScenarioName): Promise<Sample> {
      const { event, rounds } = await ask({ ask: 'begin', scenario });
      const input = peer.takesRounds ? rounds : event;
      const { ms, output } = await run(peer.command, input, {
        BENCH_ROUNDS: String(rounds.length),
        BENCH_WAIT_MS: String(waitOf(rounds)),
      });
      const { problems, requests } = await ask({ ask: 'end' });
      if (!peer.isSilent) {
        const needed = rounds.flat().filter(({ extra }) => !(peer.isPlain && extra));
        const expected = needed.map(({ name }) => name);
        if (`${expected.sort()}` !== `${requests.sort()}`)
          problems.push(`it sent ${requests} instead of ${expected}`);
        if (problems.length > 0)
          throw new Error(
            `${peer.label} did not do the job "${scenario}": ${problems.join('; ')}\n${output}`,
          );
      }
      const { cpuMs, memoryKb } = JSON.parse(output.trim().split('\n').at(-1) ?? '{}');
      return { ms, cpuMs, memoryKb };
    },
    stop(): void {
      upstreams.disconnect();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function questions(upstreams: ChildProcess) {
  async function ask(question: { ask: 'begin'; scenario: ScenarioName }): Promise<Begun>;
  async function ask(question: { ask: 'end' }): Promise<Ended>;
  async function ask(question: Question): Promise<unknown> {
    const answered = once(upstreams, 'message');
    upstreams.send(question);
    const [answer] = await answered;
    return answer;
  }
  return ask;
}

/** Nothing of the caller's environment but what finds programs, so that no AWS profile or Node option gets in. */
function environment(folder: string, { cert, env }: Ready, latencyMs: number): Record<string, string> {
  const extra = join(folder, 'ca.pem');
  const bundle = join(folder, 'bundle.pem');
  writeFileSync(extra, cert);
  // Python replaces its authorities where Node adds to them: both get all the public ones and ours.
  writeFileSync(bundle, `${rootCertificates.join('\n')}\n${cert}`);
  return {
    ...env,
    PATH: process.env.PATH ?? '',
    LANG: 'C.UTF-8',
    TZ: ':UTC',
    AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
    AWS_LAMBDA_FUNCTION_NAME: 'bench',
    NODE_EXTRA_CA_CERTS: extra,
    AWS_CA_BUNDLE: bundle,
    AWS_DEFAULT_REGION: env.AWS_REGION ?? '',
    BENCH_LATENCY_MS: String(latencyMs),
  };
}

async function runProcess(
  [program = '', ...args]: readonly string[],
  stdin: number,
  env: Record<string, string>,
) {
  const start = performance.now();
  const child = spawn(program, args, { env, stdio: [stdin, 'pipe', 'pipe'] });
  let output = '';
  let errors = '';
  child.stdout?.on('data', (chunk) => {
    output += chunk;
  });
  child.stderr?.on('data', (chunk) => {
    errors += chunk;
  });
  let ms = 0;
  child.once('exit', () => {
    ms = performance.now() - start;
  });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${code}\n${output}${errors}`);
  return { ms, output, errors };
}
