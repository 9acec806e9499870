import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Functions, startFunctions } from './functions.ts';
import type { AlertName } from './github.ts';
import type { DeliveryAnswer } from './github-delivery.ts';
import { type Sandbox, startSandbox } from './index.ts';
import { deletedKeys, outcomeRecords, type StoredRecord } from './observe.ts';

/** The folder to which the objects of the audit bucket are also written. */
const AUDIT_DIR = join('.sandbox', 'audit');

/** What a scenario acts with, and how it checks what happened. */
export type Stage = {
  sandbox: Sandbox;
  functions: Functions;
  /** the messages of the functions' log, in order */
  steps: string[];
  say(text: string): void;
  /** prints whether something holds; the scenario fails when it does not */
  check(what: string, holds: boolean): void;
  deliver(alert: AlertName, deliveryId?: string): Promise<DeliveryAnswer>;
  redeliver(deliveryId: string): Promise<DeliveryAnswer>;
  /** waits until the functions have logged this message so many times */
  waitFor(step: string, times?: number): Promise<void>;
  /** the fields of the outcome records */
  outcomes(): StoredRecord['unmapped'][];
  /** the files of the records of all reports */
  records(): string[];
  deletions(): string[];
};

export type Scenario = {
  title: string;
  /** changes of the functions' environment */
  env?: Record<string, string>;
  /** the scenario that is played after it */
  next?: string;
  play(stage: Stage): Promise<void>;
};

/** Plays a scenario on a fresh sandbox with the built functions, and prints it. @returns whether every check held */
export async function runScenario({ env, play, title }: Scenario): Promise<boolean> {
  rmSync(AUDIT_DIR, { recursive: true, force: true });
  const sandbox = await startSandbox({ latencyMs: 30, auditDir: AUDIT_DIR });
  const timeline = createTimeline();
  if (env?.STANDBY_TOKEN_SECRET_ID !== undefined) addStandby(sandbox, env.STANDBY_TOKEN_SECRET_ID);
  const functions = await startFunctions(sandbox, {
    ...(env && { env }),
    onLog: (_name, line) => timeline.showLine(line),
  });
  let isComplete = true;
  const check = (what: string, holds: boolean): void => {
    say(`  ${holds ? 'yes' : 'NO '}  ${what}`);
    isComplete &&= holds;
  };
  say(`${title}\n`);
  try {
    await play({ ...createStage(sandbox, functions, timeline), check });
  } finally {
    await functions.stop();
    await sandbox.stop();
  }
  say(isComplete ? '\nevery step was seen' : '\nnot every step was seen');
  return isComplete;
}

type Timeline = ReturnType<typeof createTimeline>;

/** Prints what happens with the milliseconds since the first event. */
function createTimeline() {
  const steps: string[] = [];
  let origin: number | undefined;
  const start = (): void => {
    origin ??= performance.now();
  };
  const show = (step: string, detail: string): void => {
    origin ??= performance.now();
    say(`${`${Math.round(performance.now() - origin)} ms`.padStart(9)}  ${step.padEnd(22)} ${detail}`);
  };
  function showLine(line: string): void {
    const { message, report_id: _report, time: _time, level: _level, _aws, ...fields } = parse(line);
    if (_aws !== undefined || message === 'audit' || typeof message !== 'string') return;
    steps.push(message);
    show(message, JSON.stringify(fields));
  }
  return { steps, start, show, showLine };
}

function createStage(sandbox: Sandbox, functions: Functions, timeline: Timeline): Omit<Stage, 'check'> {
  const { steps } = timeline;
  const answered = (answer: DeliveryAnswer) => {
    timeline.show(`webhook answered ${answer.status}`, answer.body);
    return answer;
  };
  return {
    sandbox,
    functions,
    steps,
    say,
    async deliver(alert, deliveryId) {
      timeline.start();
      const options = { ...(deliveryId !== undefined && { deliveryId }) };
      const { github, webhookSecret } = sandbox;
      return answered(await github.deliver(functions.webhookUrl, webhookSecret, alert, options));
    },
    redeliver: async (id) => answered(await sandbox.github.redeliver(functions.webhookUrl, id)),
    async waitFor(step, times = 1) {
      const end = performance.now() + 200_000;
      while (steps.filter((seen) => seen === step).length < times) {
        if (performance.now() > end) throw new Error(`not seen within 200 s: ${step}`);
        await sleep(5);
      }
    },
    outcomes: () => outcomeRecords(sandbox).map(({ unmapped }) => unmapped),
    records: () => sandbox.s3.objects('records/').map(({ key }) => join(AUDIT_DIR, key)),
    deletions: () => deletedKeys(sandbox),
  };
}

function addStandby(sandbox: Sandbox, secretId: string): void {
  const user = sandbox.devin.createServiceUser({ name: 'key-revoker-standby', canManage: true });
  sandbox.secrets.put(secretId, sandbox.devin.createKey(user.service_user_id).token);
}

function parse(line: string): Record<string, unknown> {
  try {
    return JSON.parse(line);
  } catch {
    return { message: line };
  }
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
