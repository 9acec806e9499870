import type { SQSBatchResponse } from 'aws-lambda';
import type { State } from '../../../lib/audit/reconcile/state.ts';
import { openNotes } from '../../../lib/audit/stored-note.ts';
import { countdown } from '../../../lib/domain/time.ts';
import type { Devin } from '../../../sandbox/devin.ts';
import type { AlertName, GitHub } from '../../../sandbox/github.ts';
import type { Kms } from '../../../sandbox/kms.ts';
import type { S3 } from '../../../sandbox/s3.ts';
import type { SecretsManager } from '../../../sandbox/secrets-manager.ts';
import { sqsEvent, sqsRecord } from '../../../sandbox/sqs-event.ts';
import { Chance } from './chance.ts';
import { Container, type Ended } from './container.ts';
import { Enterprise } from './enterprise.ts';
import type { Service } from './faults.ts';
import { Ledger } from './ledger.ts';
import { type Call, Network } from './network.ts';
import type { Plan } from './plan.ts';
import { type Message, Queue, queueServer, topicServer } from './queue.ts';
import type { Realm } from './realm.ts';
import type { FunctionName } from './realm-build.ts';
import { type Actor, Scheduler } from './scheduler.ts';
import { BUCKET, reportIdOf } from './surroundings.ts';
import { SweepLedger } from './sweep-ledger.ts';
import { SweepOrders } from './sweep-orders.ts';
import type { SweepPlan } from './sweep-plan.ts';

const DAY_START = Date.parse('2026-11-24T00:00:00Z');
const ACCOUNT = '123456789012';
/** Defaults of the AWS SDK. Where they are not given, every client of a container looks for them in files. */
const SDK_DEFAULTS = {
  AWS_DEFAULTS_MODE: 'legacy',
  AWS_DISABLE_CLOCK_SKEW_CORRECTION: 'false',
  AWS_REQUEST_CHECKSUM_CALCULATION: 'WHEN_SUPPORTED',
  AWS_RESPONSE_CHECKSUM_VALIDATION: 'WHEN_SUPPORTED',
  AWS_RETRY_MODE: 'standard',
  AWS_S3_DISABLE_EXPRESS_SESSION_AUTH: 'false',
  AWS_S3_DISABLE_MULTIREGION_ACCESS_POINTS: 'false',
  AWS_S3_USE_ARN_REGION: 'false',
  AWS_SDK_UA_APP_ID: 'simulated',
  AWS_USE_DUALSTACK_ENDPOINT: 'false',
  AWS_USE_FIPS_ENDPOINT: 'false',
};
const SECRETS = {
  admin: 'admin-token',
  standby: 'standby-token',
  webhook: 'webhook-secret',
  github: 'github',
};

/** As in serverless.yml, milliseconds. A test holds them to it. */
export const TIMEOUTS: Readonly<Record<FunctionName, number>> = {
  webhook: 10_000,
  revoke: 180_000,
  reconcile: 240_000,
  'sweep-alerts': 300_000,
  'sweep-keys': 900_000,
  digest: 900_000,
};

export interface WorldHooks {
  /** Kills a container at a given request of the functions, instead of by chance. */
  readonly dies?: (call: Call, nth: number, when: 'before' | 'after') => boolean;
  /** The story is kept. */
  readonly shouldNotify?: boolean;
  /** Changes what happens, to see whether the invariants notice. */
  readonly mutate?: (world: World) => void;
}

/** AWS, Devin and GitHub around the functions, for one plan. */
export class World implements Actor {
  readonly clockOffset = 0;
  readonly env = {};
  readonly plan: Plan;
  readonly chance: Chance;
  readonly scheduler: Scheduler;
  readonly network: Network;
  readonly ledger: Ledger;
  readonly leaks: Queue;
  readonly backlog: Queue;
  readonly sweeps: Queue;
  devin!: Devin;
  github!: GitHub;
  secrets!: SecretsManager;
  s3!: S3;
  kms!: Kms;
  admin!: { service_user_id: string; api_key_id: string; token: string };
  standby: World['admin'] | undefined;
  webhookSecret = '';
  /** Where keys are swept. */
  orders: SweepOrders | undefined;
  /** What a planted defect of the world changes. */
  readonly defects = { losesMessages: false };
  readonly #realm: Realm;
  readonly #hooks: WorldHooks;
  readonly #containers: Container[] = [];
  readonly #polling = new Map<Queue, number>();
  #functionEnv: Readonly<Record<string, string>> = {};
  #listening: Service = 'devin';
  #invocations = 0;

  constructor(seed: number, plan: Plan, realm: Realm, hooks: WorldHooks = {}) {
    this.plan = plan;
    this.chance = new Chance(seed + 0x5bd1e995);
    this.scheduler = new Scheduler(DAY_START + plan.beginsAtMs);
    this.#realm = realm;
    this.#hooks = hooks;
    this.leaks = new Queue('leaks', this.scheduler);
    this.backlog = new Queue('backlog', this.scheduler);
    this.sweeps = new Queue('sweeps', this.scheduler);
    this.ledger = new Ledger(this, hooks.shouldNotify ?? false);
    const { ledger } = this;
    this.network = new Network({
      scheduler: this.scheduler,
      chance: this.chance,
      world: this,
      faultRate: (service) => this.#faultRate(service),
      listingFaultRate: () => (this.scheduler.now < plan.faultsEnd ? plan.listingFaultRate : 0),
      holdUpMs: ({ container, service }) =>
        container.name === 'sweep-keys' && service === 'devin' ? (plan.sweep?.slow?.byMs ?? 0) : 0,
      dies: (call, nth, when) => this.#dies(call, nth, when),
      onFault: ({ invocation, operation }, kind) => ledger.fault(kind, invocation?.reports ?? [], operation),
      onArrival: (call) => ledger.onArrival(call),
      onEffect: (call, answer, fate) => ledger.onEffect(call, answer, fate),
    });
  }

  schedule(ms: number, run: () => void) {
    return this.scheduler.at(this.scheduler.now + ms, this, run);
  }

  write(text: string): void {
    this.ledger.violate('the simulation works', text.trim());
  }

  /** Epoch milliseconds. */
  get time(): number {
    return this.scheduler.epoch + this.scheduler.now;
  }

  async open(): Promise<void> {
    this.#realm.enter({
      scheduler: this.scheduler,
      chance: this.chance,
      transmit: (sent, exchange) =>
        this.network.transmit(sent, exchange, this.scheduler.actor as unknown as Container),
      listen: (server) => this.network.listen(this.#listening, server),
    });
    await this.scheduler.as(this, () => {
      this.#start().catch((error: unknown) => this.write(String(error)));
    });
    this.#hooks.mutate?.(this);
  }

  async #start(): Promise<void> {
    const { plan } = this;
    const starts = this.#realm.standIns() as typeof import('./stand-ins.ts');
    const start = <T>(service: Service, make: () => Promise<T>): Promise<T> => {
      this.#listening = service;
      return make();
    };
    this.devin = await start('devin', () => starts.startDevin({ pageSize: plan.pageSize }));
    const { clockSkewSeconds, lastUsedLagMs, nodeCacheMs, nodes, revocationLagMs } = plan;
    Object.assign(this.devin, { clockSkewSeconds, lastUsedLagMs, nodeCacheMs, nodes, revocationLagMs });
    this.github = await start('github', () => starts.startGitHub());
    this.github.delegatedDismissal = plan.delegatedDismissal;
    this.secrets = await start('secrets', () => starts.startSecretsManager());
    this.s3 = await start('s3', () => starts.startS3());
    this.kms = await start('kms', () => starts.startKms());
    const sqs = this.network.listen(
      'sqs',
      queueServer([this.leaks, this.backlog, this.sweeps], (queue) => this.wake(queue)),
    );
    const sns = this.network.listen(
      'sns',
      topicServer((text) => this.ledger.scan('a notification', text)),
    );
    const owner = this.devin.createServiceUser({ name: 'key-revoker', canManage: true });
    this.admin = this.devin.createKey(owner.service_user_id, { name: 'key-revoker' });
    this.standby = plan.hasStandby ? this.devin.createKey(owner.service_user_id) : undefined;
    this.webhookSecret = this.chance.bytes(32).toString('hex');
    this.secrets.put(SECRETS.admin, this.admin.token);
    if (this.standby !== undefined) this.secrets.put(SECRETS.standby, this.standby.token);
    this.secrets.put(SECRETS.webhook, this.webhookSecret);
    this.secrets.put(SECRETS.github, this.github.token);
    for (const secret of [this.admin.token, this.standby?.token, this.webhookSecret, this.github.token])
      if (secret !== undefined) this.ledger.guard(secret);
    this.#beginReconciled();
    const sweepEnv = plan.sweep && this.#beginSweeps(plan.sweep);
    this.#functionEnv = {
      ...SDK_DEFAULTS,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'ASIASIMULATED',
      AWS_SECRET_ACCESS_KEY: this.chance.bytes(30).toString('base64'),
      AWS_ENDPOINT_URL_SECRETS_MANAGER: this.secrets.url,
      AWS_ENDPOINT_URL_S3: this.s3.url,
      AWS_ENDPOINT_URL_KMS: this.kms.url,
      AWS_ENDPOINT_URL_SQS: sqs,
      AWS_ENDPOINT_URL_SNS: sns,
      DEVIN_API_URL: this.devin.url,
      GITHUB_API_URL: this.github.url,
      ADMIN_TOKEN_SECRET_ID: SECRETS.admin,
      ...(plan.hasStandby && { STANDBY_TOKEN_SECRET_ID: SECRETS.standby }),
      WEBHOOK_SECRET_ID: SECRETS.webhook,
      GITHUB_TOKEN_SECRET_ID: SECRETS.github,
      LEAK_QUEUE_URL: `${sqs}/${ACCOUNT}/leaks`,
      BACKLOG_QUEUE_URL: `${sqs}/${ACCOUNT}/backlog`,
      AUDIT_BUCKET: BUCKET,
      AUDIT_KEY_ID: this.kms.keyArn,
      NOTIFY_TOPIC_ARN: `arn:aws:sns:us-east-1:${ACCOUNT}:alarms`,
      GITHUB_SECRET_TYPES: 'devin_api_key',
      GITHUB_ORGS: 'acme',
      AFTERMATH: 'off',
      AMBIGUOUS_KEY: plan.ambiguousKey,
      SEARCH_SECONDS: '4',
      DRY_RUN: String(plan.dryRun),
      SWEEP_QUEUE_URL: `${sqs}/${ACCOUNT}/sweeps`,
      ...sweepEnv,
    };
  }

  /** The search for lost reports has run before, so that it need not look through four weeks. */
  #beginReconciled(): void {
    const state: State = { version: 1, through: openNotes(this.time - 3_600_000), open: [] };
    const path = `state/reconcile/${countdown(this.time - 300_000)}.json`;
    this.s3.owner.write(BUCKET, path, JSON.stringify(state), this.time);
  }

  /** @returns the policy of the sweeps, as the function reads it */
  #beginSweeps(plan: SweepPlan): Record<string, string> {
    const enterprise = new Enterprise(this, plan);
    this.ledger.sweeps = new SweepLedger(this, enterprise);
    this.orders = new SweepOrders(this, enterprise, this.ledger.sweeps);
    this.orders.begin();
    return enterprise.env;
  }

  /** A person puts a new admin token into its secret. */
  renewAdmin(): void {
    const { token } = this.devin.createKey(this.admin.service_user_id);
    this.ledger.guard(token);
    this.secrets.put(SECRETS.admin, token);
  }

  /** The id of the next invocation. */
  get nextRequest(): string {
    return `request-${this.#invocations + 1}`;
  }

  /** A container that is idle, most of the time, or a new one. */
  invoke(
    name: FunctionName,
    event: unknown,
    reports: readonly string[],
    onEnd: (ended: Ended) => void,
  ): void {
    const { chance, ledger, scheduler } = this;
    const requestId = `request-${++this.#invocations}`;
    const idle = this.#containers.filter((one) => one.name === name && !one.isDead && one.isFrozen);
    const warm = idle.length > 0 && chance.happens(0.9) ? chance.pick(idle) : undefined;
    const container = warm ?? this.#container(name);
    ledger.tell(`${container.id} ${warm ? 'goes on' : 'starts'} with ${reports.join(', ') || 'its work'}`);
    container.invoke({
      requestId,
      event,
      reports,
      timeoutMs: (name === 'sweep-keys' && this.plan.sweep?.slow?.timeoutMs) || TIMEOUTS[name],
      onEnd: (ended) => {
        const shown = ended.how === 'answered' ? JSON.stringify(ended.answer) : '';
        ledger.tell(`${container.id} ${ended.how} ${shown.slice(0, 300)}`);
        ledger.onEnd(container, reports, ended);
        // In a step of the world, since the containers of others may follow from it.
        scheduler.at(scheduler.now, this, () => onEnd(ended));
      },
    });
  }

  #container(name: FunctionName): Container {
    const container = new Container({
      id: `${name}#${this.#containers.length + 1}`,
      name,
      env: this.#functionEnv,
      scheduler: this.scheduler,
      clockOffset: () => this.#clockOffset(),
      load: () => this.#realm.load(name),
      onLine: (one, line) => this.ledger.onLine(one, line),
      onKilled: (one, why, operation) => {
        this.ledger.fault('crash', one.invocation?.reports ?? [], operation);
        this.ledger.tell(`${one.id} ${why} ${operation}`);
      },
    });
    this.#containers.push(container);
    return container;
  }

  #clockOffset(): number {
    const { clockJump } = this.plan;
    return clockJump !== undefined && this.scheduler.now >= clockJump.at ? clockJump.ms : 0;
  }

  #faultRate(service: Service): number {
    const { faultsEnd, outage, rates } = this.plan;
    const { now } = this.scheduler;
    if (now >= faultsEnd) return 0;
    return outage?.service === service && now >= outage.from && now < outage.to ? 0.95 : rates[service];
  }

  #dies(call: Call, nth: number, when: 'before' | 'after'): boolean {
    if (this.#hooks.dies !== undefined) return this.#hooks.dies(call, nth, when);
    return this.scheduler.now < this.plan.faultsEnd && this.chance.happens(this.plan.crashRate / 2);
  }

  /** GitHub sends the webhook of an alert, once. */
  deliver(alert: AlertName, action = 'created'): void {
    if (this.chance.happens(this.plan.deliveryLossRate)) {
      this.ledger.fault('webhook lost', [], 'deliver');
      return;
    }
    const { body, headers } = this.github.signed(alert, this.webhookSecret, action);
    const event = {
      requestContext: { http: { method: 'POST' } },
      headers,
      body: body.toString('base64'),
      isBase64Encoded: true,
    };
    this.invoke('webhook', event, [], (ended) => this.ledger.onDelivery(alert, ended));
  }

  /** The event source mapping of a queue: a batch for a worker whenever messages are visible. */
  wake(queue: Queue): void {
    const soonest = Math.min(...[...queue.waiting.values()].map(({ visibleAt }) => visibleAt));
    if (!Number.isFinite(soonest)) return;
    const at = Math.max(soonest, this.scheduler.now) + this.chance.whole(1, 200);
    if ((this.#polling.get(queue) ?? Number.POSITIVE_INFINITY) <= at) return;
    this.#polling.set(queue, at);
    this.scheduler.at(at, this, () => {
      if (this.#polling.get(queue) === at) this.#polling.delete(queue);
      this.#poll(queue);
      this.wake(queue);
    });
  }

  #poll(queue: Queue): void {
    const { chance, plan, scheduler } = this;
    const visible = queue.visible().sort(() => chance.next() - 0.5);
    const most = queue === this.sweeps ? 1 : chance.whole(1, 10);
    const batch = visible.slice(0, most).filter((message) => {
      const isDelivered = queue.receive(message);
      if (!isDelivered) this.ledger.onDeadLetter(message);
      return isDelivered;
    });
    if (batch.length === 0) return;
    const isFaulty = scheduler.now < plan.faultsEnd;
    const receipts = batch.map(({ receipt }) => receipt);
    const isSweep = queue === this.sweeps;
    const reports = isSweep ? [] : batch.map(({ body }) => reportIdOf(body) ?? 'no report');
    const event = sqsEvent(
      ...batch.map(({ body, id, receipt, receives }) =>
        sqsRecord(body, {
          messageId: id,
          receiptHandle: receipt,
          receiveCount: receives,
          eventSourceARN: `arn:aws:sqs:us-east-1:${ACCOUNT}:${queue.name}`,
        }),
      ),
    );
    for (const message of batch) {
      const again = (kind: string, rate: number, ms: number) => {
        if (!isFaulty || !chance.happens(rate)) return;
        this.ledger.fault(kind, [reportIdOf(message.body) ?? ''], message.id);
        message.visibleAt = scheduler.now + ms;
      };
      again('sqs visibility ends early', plan.expiryRate, chance.whole(300, 20_000));
      // Twice, and not over and over.
      if (message.receives === 1) again('sqs delivers twice', plan.duplicateRate, chance.whole(0, 300));
    }
    this.invoke(isSweep ? 'sweep-keys' : 'revoke', event, reports, (ended) => {
      if (isSweep) this.orders?.onEnd(ended);
      for (const [index, message] of batch.entries())
        this.#settle(queue, message, receipts[index]!, ended, isFaulty);
      this.wake(queue);
    });
  }

  #settle(queue: Queue, message: Message, receipt: string, ended: Ended, isFaulty: boolean): void {
    if (ended.how !== 'answered') return;
    // The queue of the sweeps takes any answer for an acknowledgement.
    if (queue !== this.sweeps) {
      const { batchItemFailures } = ended.answer as SQSBatchResponse;
      if (batchItemFailures.some(({ itemIdentifier }) => itemIdentifier === message.id)) return;
      this.ledger.onAcknowledged(message);
    }
    const isStale = message.receipt !== receipt;
    if (isStale || (isFaulty && this.chance.happens(this.plan.ackLossRate))) {
      this.ledger.fault('sqs acknowledgement lost', [reportIdOf(message.body) ?? ''], message.id);
      return;
    }
    queue.waiting.delete(message.id);
  }

  get isBusy(): boolean {
    return this.#containers.some((one) => !one.isDead && !one.isFrozen);
  }
}
