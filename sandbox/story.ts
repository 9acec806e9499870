import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Functions, startFunctions } from './functions.ts';
import { type Sandbox, startSandbox } from './index.ts';
import { deletedKeys, outcomeRecords } from './observe.ts';

/** Where the audit bucket's objects can be read on disk. */
const AUDIT_DIR = join('.sandbox', 'audit');

export type Story = {
  sandbox: Sandbox;
  functions: Functions;
  /** the messages of the functions' log, in order */
  steps: string[];
  say(text: string): void;
  /** prints whether something was seen; one that was not makes the story fail */
  check(what: string, seen: boolean): void;
  deliver(alert: Alert, deliveryId?: string): Promise<{ status: number; body: string }>;
  redeliver(deliveryId: string): Promise<{ status: number; body: string }>;
  /** until the functions log this message so many times */
  waitFor(step: string, times?: number): Promise<void>;
  /** the outcome records, as their status and their own data */
  outcomes(): { status: string; [name: string]: unknown }[];
  /** where the records of all reports are, on disk */
  records(): string[];
  deletions(): string[];
};

export type Alert = { owner: string; repo: string; number: number };

export type Scenario = {
  title: string;
  /** changes of the functions' environment */
  env?: Record<string, string>;
  tell(story: Story): Promise<void>;
};

/** Tells a scenario on a fresh sandbox with the built functions. @returns whether every step was seen */
export async function tell({ env, tell, title }: Scenario): Promise<boolean> {
  rmSync(AUDIT_DIR, { recursive: true, force: true });
  const sandbox = await startSandbox({ latencyMs: 30, auditDir: AUDIT_DIR });
  const steps: string[] = [];
  let origin: number | undefined;
  let complete = true;
  const show = (step: string, detail: string): void => {
    origin ??= performance.now();
    say(`${`${Math.round(performance.now() - origin)} ms`.padStart(9)}  ${step.padEnd(22)} ${detail}`);
  };
  if (env?.STANDBY_TOKEN_SECRET_ID !== undefined) addStandby(sandbox, env.STANDBY_TOKEN_SECRET_ID);
  const functions = await startFunctions(sandbox, {
    ...(env && { env }),
    onLog: (_name, line) => showLine(line),
  });

  function showLine(line: string): void {
    const { message, report_id: _report, time: _time, level: _level, _aws, ...fields } = parse(line);
    if (_aws !== undefined || message === 'audit' || typeof message !== 'string') return;
    steps.push(message);
    show(message, JSON.stringify(fields));
  }

  const answered = (answer: { status: number; body: string }) => {
    show(`webhook answered ${answer.status}`, answer.body);
    return answer;
  };
  say(`${title}\n`);
  try {
    await tell({
      sandbox,
      functions,
      steps,
      say,
      check(what, seen) {
        say(`  ${seen ? 'yes' : 'NO '}  ${what}`);
        complete &&= seen;
      },
      async deliver(alert, deliveryId) {
        origin ??= performance.now();
        const options = { ...(deliveryId !== undefined && { deliveryId }) };
        return answered(
          await sandbox.github.deliver(functions.webhookUrl, sandbox.webhookSecret, alert, options),
        );
      },
      redeliver: async (id) => answered(await sandbox.github.redeliver(functions.webhookUrl, id)),
      async waitFor(step, times = 1) {
        const end = performance.now() + 90_000;
        while (steps.filter((seen) => seen === step).length < times) {
          if (performance.now() > end) throw new Error(`not seen within 90 s: ${step}`);
          await sleep(5);
        }
      },
      outcomes: () => outcomeRecords(sandbox).map(({ unmapped }) => unmapped),
      records: () => sandbox.s3.objects('records/').map(({ key }) => join(AUDIT_DIR, key)),
      deletions: () => deletedKeys(sandbox),
    });
  } finally {
    await functions.stop();
    await sandbox.stop();
  }
  say(complete ? '\nevery step was seen' : '\nnot every step was seen');
  return complete;
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
