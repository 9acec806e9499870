import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startFunctions } from './functions.ts';
import { startSandbox } from './index.ts';

// The main job, on the sandbox, with the built functions: a leak, from GitHub's signed webhook to a dead key and its
// audit record. Exit code 0 only when every step was seen.

const auditDir = join(process.cwd(), '.sandbox', 'audit');
rmSync(auditDir, { recursive: true, force: true });

const sandbox = await startSandbox({ latencyMs: 30, auditDir });
const steps: string[] = [];
const functions = await startFunctions(sandbox, { onLog: (_name, line) => showStep(line) });
let origin = performance.now();
let failed = false;

try {
  const leak = sandbox.leak();
  say(`a service user "${leak.name}" with one key: ${leak.api_key_id} of ${leak.service_user_id}`);
  say(
    `its token is in acme/webshop, and GitHub opens alert ${leak.alert.number}; every service answers after 30 ms\n`,
  );

  origin = performance.now();
  const { body, status } = await deliver(leak.alert);
  await waitFor('report ended');
  const records = sandbox.s3.objects().map(({ key }) => key);

  say('\nwhat the sandbox saw');
  check('the webhook was answered 202', status === 202);
  check(
    'the steps came in order',
    ['identified', 'revoked', 'proven dead', 'alert closed'].every((step, index) => steps[index] === step),
  );
  check('the key is revoked at Devin', sandbox.devin.key(leak.api_key_id)?.is_active === false);
  check('its token is dead', !sandbox.devin.isLive(leak.token));
  check('the alert is resolved as revoked', alertOf(leak.alert)?.resolution === 'revoked');
  check('an intent, the alert and one outcome are on record', records.length === 3 && outcomes().length === 1);

  say('\nGitHub delivers the same webhook again');
  const before = deletions();
  steps.length = 0;
  const again = await deliver(leak.alert);
  await waitFor('report ended');
  check('it is answered 202 with the same report id', again.status === 202 && again.body === body);
  check('nothing is deleted twice', deletions() === before);
  check('there is still one outcome', outcomes().length === 1);

  say('\nthe audit record');
  for (const key of records) say(`  ${join('.sandbox', 'audit', key)}`);
} finally {
  await functions.stop();
  await sandbox.stop();
}
say(failed ? '\nnot every step was seen' : '\nevery step was seen');
process.exitCode = failed ? 1 : 0;

async function deliver(alert: { owner: string; repo: string; number: number }) {
  const answer = await sandbox.github.deliver(functions.webhookUrl, sandbox.webhookSecret, alert, {
    deliveryId: '72d3162e-cc78-11e3-81ab-4c9367dc0958',
    mutate: (payload) => {
      // A redelivery has the body of the first delivery, whatever became of the alert since.
      payload.alert.updated_at = payload.alert.created_at;
      payload.alert.resolution = null;
    },
  });
  show(`webhook answered ${answer.status}`, answer.body);
  return answer;
}

function showStep(line: string): void {
  const entry = parse(line);
  const { message, report_id: _report, time: _time, level: _level, ...fields } = entry;
  if (typeof message !== 'string' || message === 'audit' || message === 'delivery queued') return;
  steps.push(message);
  show(message, JSON.stringify(fields));
}

function parse(line: string): Record<string, unknown> {
  try {
    return JSON.parse(line);
  } catch {
    return { message: line };
  }
}

async function waitFor(step: string): Promise<void> {
  for (const end = performance.now() + 30_000; !steps.includes(step); await sleep(5)) {
    if (performance.now() > end) throw new Error(`not seen within 30 s: ${step}`);
  }
}

function outcomes() {
  return sandbox.s3.objects().filter(({ key }) => key.endsWith('-outcome.json'));
}

function deletions(): number {
  return sandbox.devin.requests.filter(({ method }) => method === 'DELETE').length;
}

function alertOf({ owner, repo, number }: { owner: string; repo: string; number: number }) {
  return sandbox.github.alert(owner, repo, number);
}

function check(what: string, seen: boolean): void {
  say(`  ${seen ? 'yes' : 'NO '}  ${what}`);
  failed ||= !seen;
}

function show(step: string, detail: string): void {
  say(`${`${Math.round(performance.now() - origin)} ms`.padStart(9)}  ${step.padEnd(22)} ${detail}`);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
