import type { AlertName } from '../../../sandbox/github.ts';
import type { SandboxAnswer } from '../../../sandbox/http-server.ts';
import type { Container, Ended } from './container.ts';
import { INVARIANTS, type Invariant } from './invariants.ts';
import type { Call } from './network.ts';
import { outcomeProblems } from './outcome-problems.ts';
import type { Message } from './queue.ts';
import { BUCKET, type Death, reportIdOf, type Surroundings, type Truth } from './surroundings.ts';
import type { SweepLedger } from './sweep-ledger.ts';
import { TokenScan } from './token-scan.ts';

const NOON_MS = 12 * 3_600_000;

/** A report that the software has taken. */
export interface KnownReport {
  readonly faults: Set<string>;
  /** How it ended: a status of the outcome table, or `dead letter`. */
  status?: string;
  isDryRun: boolean;
  /** Whoever queued it queues it again where it fails. */
  isRepeated: boolean;
}

export interface Violation {
  readonly invariant: Invariant;
  readonly text: string;
}

/** What is true in the world, what the functions did, and whether the two agree. */
export class Ledger implements Truth {
  readonly violations: Violation[] = [];
  readonly checks = new Map<Invariant, number>(INVARIANTS.map((name) => [name, 0]));
  readonly story: string[] = [];
  readonly faults = new Map<string, number>();
  readonly reports = new Map<string, KnownReport>();
  readonly alerts: { readonly alert: AlertName; readonly tokens: readonly string[] }[] = [];
  /** Keys that may be deleted. */
  readonly leaked = new Set<string>();
  readonly deaths = new Map<string, Death>();
  /** Keys for which a DELETE arrived, or was lost on its way. */
  readonly asked = new Set<string>();
  readonly revokedByOthers = new Set<string>();
  /** Where keys are swept. */
  sweeps: SweepLedger | undefined;
  readonly #world: Surroundings;
  readonly #scan = new TokenScan();
  readonly #shouldNotify: boolean;

  /** @param shouldNotify whether the story is kept, one line for each event */
  constructor(world: Surroundings, shouldNotify: boolean) {
    this.#world = world;
    this.#shouldNotify = shouldNotify;
  }

  tell(text: string): void {
    if (!this.#shouldNotify) return;
    this.story.push(`${(this.#world.scheduler.now / 1_000).toFixed(3).padStart(9)} s  ${text}`);
  }

  violate(invariant: Invariant, text: string): void {
    this.tell(`VIOLATION of "${invariant}": ${text}`);
    this.violations.push({ invariant, text });
  }

  check(invariant: Invariant, holds: boolean, text: () => string): void {
    this.checks.set(invariant, (this.checks.get(invariant) ?? 0) + 1);
    if (!holds) this.violate(invariant, text());
  }

  guard(secret: string): void {
    this.#scan.guard(secret);
  }

  scan(where: string, text: string): void {
    this.check('no token is disclosed', !this.#scan.finds(text), () => `${where}: ${text.slice(0, 200)}`);
  }

  report(id: string): KnownReport {
    const known = this.reports.get(id) ?? { faults: new Set<string>(), isDryRun: false, isRepeated: false };
    this.reports.set(id, known);
    return known;
  }

  fault(kind: string, reports: readonly string[], where: string): void {
    this.faults.set(kind, (this.faults.get(kind) ?? 0) + 1);
    for (const id of reports) if (id.includes('/')) this.report(id).faults.add(kind);
    this.tell(`  fault: ${kind}, ${where}`);
  }

  onLine(container: Container, line: string): void {
    this.scan(`the log of ${container.id}`, line);
    if (!line.includes('"message"') || (!this.#shouldNotify && !line.includes('"ignored"'))) return;
    const { level, message, report_id, record: _record, time: _time, ...rest } = JSON.parse(line);
    if (message === 'ignored') this.report(report_id).status ??= 'ignored';
    if (message !== 'audit') this.tell(`  ${container.id} ${level}: ${message} ${JSON.stringify(rest)}`);
  }

  onArrival(call: Call): void {
    const { container, operation, request, sent, service } = call;
    this.scan(`the address of ${operation}`, sent.target);
    // What is stored or posted is scanned; whom the request authenticates is not.
    this.scan(`the body of ${operation}`, sent.body.toString());
    if (service === 'devin' && request.method === 'DELETE') this.#onDelete(call);
    if (service === 'github' && operation === 'updateAlert') this.#onPatch(request.path, container);
    const deadline = call.invocation?.deadline;
    if (deadline !== undefined && call.invocation?.reports.some((id) => this.reports.get(id)?.isDryRun)) {
      const isChange = service === 'devin' && request.method === 'DELETE';
      this.check(
        'a dry run changes nothing',
        !isChange,
        () => `${container.id} ${operation} ${request.path}`,
      );
    }
  }

  #onDelete(call: Call): void {
    const { container, invocation, request } = call;
    const [user = '', key = ''] = request.path
      .split('/')
      .slice(-3)
      .filter((part) => part !== 'api-keys');
    this.asked.add(key);
    const isLeaked = this.leaked.has(key);
    const swept = isLeaked ? undefined : this.sweeps?.reportOf(call, key);
    const isMeant = isLeaked || swept !== undefined;
    this.check('only a leaked key is deleted', isMeant, () => `${container.id} deletes ${key}`);
    if (swept !== undefined) this.sweeps?.onDelete(call, swept, key);
    const intents = this.#world.s3.objects('records/').filter(({ key: path }) => /\/[12]0-intent/.test(path));
    const isFlagged = container.lines.some((line) => line.includes('revoking without a stored intent'));
    this.check(
      'an intent precedes each DELETE',
      isFlagged || intents.some(({ body }) => body.includes(`"${user}"`)),
      () => `${container.id} deletes ${key} for ${invocation?.reports.join()}`,
    );
    const isRehearsal = this.#world.plan.dryRun;
    this.check('a dry run changes nothing', !isRehearsal, () => `${container.id} deletes ${key}`);
  }

  #onPatch(path: string, container: Container): void {
    const [, owner, repo, , , number] = path.slice(1).split('/');
    const found = this.alerts.find(
      ({ alert }) => alert.owner === owner && alert.repo === repo && alert.number === Number(number),
    );
    const living = found?.tokens.filter((token) => this.#world.devin.isLive(token)) ?? [];
    this.check('no alert of a live token is closed', living.length === 0, () => `${container.id} ${path}`);
    this.check('a dry run changes nothing', !this.#world.plan.dryRun, () => `${container.id} ${path}`);
  }

  onEffect(call: Call, answer: SandboxAnswer, fate: string): void {
    const { container, invocation, operation, request, service } = call;
    this.tell(
      `  ${container.id} ${operation} ${request.path.split('/').slice(-2).join('/')} ${answer.status} ${fate}`,
    );
    if (operation === 'revokeServiceUserApiKey' && answer.status === 200) {
      const key = request.path.split('/').at(-1) ?? '';
      const at = this.#world.scheduler.now;
      this.check('a key is deleted once', !this.deaths.has(key), () => `${key} by ${container.id}`);
      this.deaths.set(key, { at, invocation: invocation?.requestId });
      const { nodeCacheMs, nodes, revocationLagMs } = this.#world.plan;
      const reports = invocation?.reports ?? [];
      if (revocationLagMs > 0) this.fault('devin revocation shows late', reports, `${revocationLagMs} ms`);
      if (nodes > 1 && nodeCacheMs > 0) this.fault('devin nodes out of step', reports, `${nodes} nodes`);
    }
    if (service === 's3' && request.method === 'PUT' && answer.status === 200) this.#onStored(call);
    this.sweeps?.onEffect(call, answer.status);
  }

  #onStored({ container, invocation, request }: Call): void {
    const path = decodeURIComponent(request.path);
    if (!path.startsWith(`/${BUCKET}/records/`)) return;
    const body = request.body.toString();
    const { unmapped } = JSON.parse(body);
    const copies = this.#world.s3.objects(path.split('/').slice(2).join('/')).length;
    this.check('a record is written once', copies === 1, () => `${path}: ${copies} copies`);
    const { report_id, status } = unmapped;
    if (path.endsWith('/80-rehearsal.json')) this.report(report_id).status ??= 'rehearsed';
    if (!path.endsWith('/90-outcome.json')) return;
    const known = this.report(report_id);
    this.check(
      'a report has one outcome',
      known.status === undefined || /^(?:dead letter|ignored|answered .*)$/.test(known.status),
      () => `${report_id} is ${status} and was ${known.status}`,
    );
    known.status = status;
    this.check('a dry run changes nothing', !known.isDryRun, () => `${report_id} has an outcome`);
    const problems = outcomeProblems(unmapped, this.#world, this, invocation);
    this.check('an outcome is true', problems.length === 0, () => `${report_id}: ${problems.join('; ')}`);
    this.tell(`  ${container.id} records ${status} of ${report_id}`);
  }

  onDelivery({ number, owner, repo }: AlertName, ended: Ended): void {
    const { statusCode = 0, body } = (ended.how === 'answered' ? ended.answer : {}) as {
      statusCode?: number;
      body?: string;
    };
    if (statusCode === 202) this.report(JSON.parse(body ?? '{}').report_id);
    this.tell(`GitHub is answered ${statusCode} for ${owner}/${repo}#${number}`);
  }

  onAcknowledged({ body, id }: Message): void {
    const report_id = reportIdOf(body);
    const known = report_id === undefined ? undefined : this.report(report_id);
    const { s3 } = this.#world;
    const isStored = s3.objects('records/').some(({ key }) => key.endsWith(`${report_id}/90-outcome.json`));
    // A sweep queues its alerts by itself, and a rehearsal has a record of another name.
    const isRepeated = body.includes('"redeliver":false');
    if (known !== undefined) known.isRepeated ||= isRepeated;
    const isRehearsed = s3
      .objects('records/')
      .some(({ key }) => key.endsWith(`${report_id}/80-rehearsal.json`));
    this.check(
      'what is acknowledged is on record',
      isStored || isRepeated || isRehearsed || known?.status === 'ignored',
      () => `${id} of ${report_id}`,
    );
  }

  onDeadLetter({ body, id }: Message): void {
    const report_id = reportIdOf(body);
    this.tell(`${id} is a dead letter: ${report_id}`);
    if (report_id === undefined) this.sweeps?.onDeadLetter(body);
    if (report_id !== undefined) this.report(report_id).status ??= 'dead letter';
  }

  onEnd(container: Container, reports: readonly string[], ended: Ended): void {
    const hasJumped = this.#world.plan.clockJump !== undefined;
    this.check('no invocation runs into its time-out', ended.how !== 'stopped' || hasJumped, () => {
      return `${container.id} with ${reports.join(', ')}`;
    });
  }

  /** A person sees the answer, and asks again where there is none. */
  onInvoked(id: string, ended: Ended): void {
    const { status = 'failed' } = (ended.how === 'answered' ? ended.answer : {}) as { status?: string };
    const known = this.report(id);
    known.status ??= known.isDryRun && status !== 'failed' ? 'rehearsed' : `answered ${status}`;
  }

  /** Lambda gave an event up; the alarm on dropped events is raised. */
  onDropped(report_id: string): void {
    this.tell(`${report_id} is dropped`);
    this.report(report_id).status ??= 'dead letter';
  }

  isSettled(): boolean {
    const { backlog, leaks, sweeps } = this.#world;
    if ([leaks, backlog, sweeps].some(({ waiting }) => waiting.size > 0)) return false;
    return this.alerts.every((one) => this.#isSettledAlert(one));
  }

  /** One that is closed is settled, or one of its reports is. */
  #isSettledAlert({ alert: { number, owner, repo } }: (typeof this.alerts)[number]): boolean {
    if (this.#world.github.alert(owner, repo, number)?.state !== 'open') return true;
    const prefix = `github/${owner}/${repo}/${number}/`;
    return [...this.reports].some(([id, { status }]) => id.startsWith(prefix) && status !== undefined);
  }

  /** Whether a world that began on the evening before has that day's digest, or nothing that one would be of. */
  isSigned(): boolean {
    const { plan, s3 } = this.#world;
    if (plan.beginsAtMs < NOON_MS) return true;
    return this.#digests().length > 0 || s3.objects(`records/date=${this.#firstDay}/`).length === 0;
  }

  #digests() {
    return this.#world.s3.objects(`digests/date=${this.#firstDay}/digest`);
  }

  get #firstDay(): string {
    return new Date(this.#world.scheduler.epoch).toISOString().slice(0, 10);
  }

  atEnd(isAtRest: boolean): void {
    if (this.violations.length > 0) return;
    const { backlog, leaks, network, plan, s3, sweeps } = this.#world;
    if (plan.beginsAtMs > NOON_MS) {
      const copies = this.#digests().length;
      this.check('a day is signed once', this.isSigned() && copies <= 1, () => `${copies} digests`);
    }
    this.check('every report settles', isAtRest, () => 'the world does not come to rest');
    const waiting = [leaks, backlog, sweeps].flatMap((queue) => [...queue.waiting.values()]);
    for (const { body, id } of waiting)
      this.check('every report settles', false, () => `${id} is still on its queue: ${reportIdOf(body)}`);
    for (const [id, { isRepeated, status }] of this.reports)
      this.check('every report settles', isRepeated || status !== undefined, () => id);
    for (const one of this.alerts) {
      const { owner, repo, number } = one.alert;
      this.check('every alert settles', this.#isSettledAlert(one), () => `${owner}/${repo}#${number}`);
    }
    this.sweeps?.atEnd();
    const perReport = new Map<string, number>();
    for (const { key } of s3.objects('records/')) {
      const folder = key.slice(0, key.lastIndexOf('/'));
      perReport.set(folder, (perReport.get(folder) ?? 0) + 1);
    }
    for (const [folder, count] of perReport)
      this.check('what a report costs is bounded', count <= 60, () => `${folder}: ${count} records`);
    const most = 4_000 * (1 + this.reports.size);
    this.check(
      'what a report costs is bounded',
      network.requests <= most,
      () => `${network.requests} requests`,
    );
  }
}
