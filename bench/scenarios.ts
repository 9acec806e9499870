import { randomUUID } from 'node:crypto';
import { toEvent } from '../sandbox/function-url.ts';
import { signedDelivery } from '../sandbox/github-delivery.ts';
import type { Sandbox } from '../sandbox/index.ts';
import { alertReport, sqsEvent, sqsRecord } from '../sandbox/sqs-event.ts';
import { type Rounds, requests } from './rounds.ts';

export const SCENARIOS = ['keys', 'alert', 'webhook'] as const;
export type ScenarioName = (typeof SCENARIOS)[number];

/** One job that is still to be done. */
export interface Job {
  readonly event: unknown;
  /** The same job as bare requests, and the rounds that cannot be avoided. */
  readonly rounds: Rounds;
  /** What is wrong with the state once the job is done; empty when all is as it should be. */
  problems(): string[];
}

// About as long as a real record.
const RECORD = { unmapped: { detector: 'bench' }, message: 'x'.repeat(1_800) };

type Env = Readonly<Record<string, string>>;

/** A fresh leak, as an invocation of the function that deals with it. */
export async function prepare(name: ScenarioName, sandbox: Sandbox, env: Env): Promise<Job> {
  const make = requests({ env, admin: sandbox.admin.token, githubToken: sandbox.githubToken });
  const leak = sandbox.leak({ repo: `shop-${randomUUID()}` });
  switch (name) {
    case 'keys':
      return byKeys(sandbox, make, leak);
    case 'alert':
      return byAlert(sandbox, make, leak);
    case 'webhook':
      return byWebhook(sandbox, make, leak);
    default:
      return name satisfies never;
  }
}

type Make = ReturnType<typeof requests>;
type Leak = ReturnType<Sandbox['leak']>;

async function byKeys(sandbox: Sandbox, make: Make, leak: Leak): Promise<Job> {
  const { api_key_id, service_user_id, token } = leak;
  const prefix = `records/bench/${randomUUID()}`;
  const before = sandbox.s3.objects().length;
  return {
    event: { service_user_id, api_key_id, token, reason: 'bench' },
    rounds: [
      [await make.secret(sandbox.secretIds.admin), make.self(token), ...(await intent(make, prefix))],
      [
        make.revoke(service_user_id, api_key_id),
        { ...(await make.put(`${prefix}/30-delete.json`, RECORD)), extra: true },
        { ...make.list(service_user_id), extra: true },
      ],
      make.proof(token),
      await lastRound(make, prefix),
    ],
    problems: () => [...keyProblems(sandbox, leak), ...recordProblems(sandbox, before)],
  };
}

/** The intent, and its note for the search for lost reports. */
async function intent(make: Make, prefix: string) {
  const note = await make.put(`index/open/${prefix}/10-intent.json`, {});
  return [await make.put(`${prefix}/10-intent.json`, RECORD), { ...note, extra: true }];
}

/** The outcome, and the note whose token it was. */
async function lastRound(make: Make, prefix: string) {
  const note = await make.put(`${prefix}/token.json`, { service_user_id: 'bench', api_key_id: 'bench' });
  return [await make.put(`${prefix}/90-outcome.json`, RECORD), { ...note, extra: true }];
}

async function byAlert(sandbox: Sandbox, make: Make, leak: Leak): Promise<Job> {
  const { alert, api_key_id, service_user_id, token } = leak;
  const path = `/repos/${alert.owner}/${alert.repo}/secret-scanning/alerts/${alert.number}`;
  const prefix = `records/bench/${randomUUID()}`;
  const before = sandbox.s3.objects().length;
  return {
    event: queued(alert),
    rounds: [
      [await make.secret(sandbox.secretIds.admin), await make.secret(sandbox.secretIds.github)],
      [make.alert(path)],
      [make.self(token), { ...(await make.get(`registry/${randomUUID()}.json`)), extra: true }],
      [make.list(service_user_id), ...(await intent(make, prefix)), { ...make.self(), extra: true }],
      [
        make.revoke(service_user_id, api_key_id),
        { ...(await make.put(`${prefix}/30-delete.json`, RECORD)), extra: true },
      ],
      make.proof(token),
      [make.resolve(path)],
      [
        ...(await lastRound(make, prefix)),
        { ...(await make.put(`${prefix}/70-alert.json`, RECORD)), extra: true },
      ],
    ],
    problems: () => {
      const state = sandbox.github.alert(alert.owner, alert.repo, alert.number);
      return [
        ...keyProblems(sandbox, leak),
        ...recordProblems(sandbox, before),
        ...(state?.resolution === 'revoked' ? [] : ['the alert is open']),
      ];
    },
  };
}

async function byWebhook(sandbox: Sandbox, make: Make, { alert }: Leak): Promise<Job> {
  const delivery = signedDelivery(JSON.stringify(sandbox.github.payload(alert)), sandbox.webhookSecret);
  const before = sandbox.sqs.sent().length;
  const { webhook } = sandbox.secretIds;
  return {
    event: toEvent({ ...delivery, method: 'POST', path: '/', query: new URLSearchParams(), rawQuery: '' }),
    rounds: [[await make.secret(webhook)], [await make.enqueue(alertReport(alert))]],
    problems: () =>
      sandbox.sqs.sent().length === before + 1 ? [] : ['the queue did not get exactly one message'],
  };
}

function keyProblems({ devin }: Sandbox, { api_key_id, token }: Leak): string[] {
  return devin.isLive(token) || devin.key(api_key_id)?.is_active !== false ? ['the key is alive'] : [];
}

function recordProblems({ s3 }: Sandbox, before: number): string[] {
  const names = s3
    .objects()
    .slice(before)
    .filter(({ key }) => key.startsWith('records/'))
    .map(({ key }) => key.split('/').at(-1) ?? '')
    // Those of the DELETE and of the alert are the worker's alone: the peers do what cannot be left out.
    .filter((name) => /^(?![37]0)\d\d-/.test(name))
    .sort();
  return names.join() === '10-intent.json,90-outcome.json'
    ? []
    : [`the records are ${names.join() || 'none'}`];
}

/** A batch of one message, as Lambda's event source mapping hands it over. */
function queued(alert: Leak['alert']) {
  // Of today, as nearly all are: the records of an older report have notes for the digest beside them.
  const report = { ...alertReport(alert), reported_at: Date.now() };
  return sqsEvent(sqsRecord(report, { messageId: randomUUID(), receiptHandle: 'bench' }));
}
