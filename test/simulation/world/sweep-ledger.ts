import type { Acted, Page, Summary } from '../../../lib/sweep/keys/plan.ts';
import type { Enterprise } from './enterprise.ts';
import type { Call } from './network.ts';
import { reportIdOf } from './surroundings.ts';
import type { Moment } from './sweep-plan.ts';
import type { SweepBook, SweepSurroundings } from './sweep-surroundings.ts';

interface KnownPlan {
  /** Keys that existed when it was begun. */
  readonly keys: readonly string[];
  /** It may be carried out: it is within the limits, in the mode that enforces. */
  isEnforced: boolean;
  /** A person has it carried out. */
  isReleased: boolean;
  /** Keys for which a DELETE of it arrived. */
  readonly deleted: Set<string>;
  /** How its last invocation ended; a status of the function, `dead letter` or `dropped`. */
  status?: string;
}

/** What one invocation knew and did. */
interface Knowledge {
  /** When it first read the keys of a service user, milliseconds of the world. */
  readonly looks: Map<string, number>;
  /** How often it read that sweeps may run. */
  permits: number;
  /** Keys that it deleted, or reports that it queued. */
  readonly acts: Set<string>;
}

/** What the sweeps of a world did, and whether it was right. */
export class SweepLedger {
  /** People have been answered that all sweeps are stopped, and have not resumed them. */
  isStopped = false;
  readonly plans = new Map<string, KnownPlan>();
  /** Keys that a DELETE of a sweep revoked. */
  readonly deaths = new Set<string>();
  onMoment: (moment: Moment, apiKeyId?: string) => void = () => {};
  readonly #ledger: SweepBook;
  readonly #world: SweepSurroundings;
  readonly #enterprise: Enterprise;
  readonly #known = new Map<string, Knowledge>();

  constructor(world: SweepSurroundings, enterprise: Enterprise) {
    this.#world = world;
    this.#ledger = world.ledger;
    this.#enterprise = enterprise;
  }

  /** The report of a sweep for which an invocation may delete a key. */
  reportOf({ invocation }: Call, apiKeyId: string): string | undefined {
    return invocation?.reports.find((id) => id.startsWith('sweep/') && id.endsWith(`/${apiKeyId}`));
  }

  /** A DELETE for a report of a sweep arrives. */
  onDelete(call: Call, reportId: string, apiKeyId: string): void {
    const { scheduler, s3 } = this.#world;
    const [, planId = '', userId = ''] = reportId.split('/');
    const plan = this.plans.get(planId);
    const known = this.#knowledge(call);
    const where = `${call.container.id} deletes ${apiKeyId} of plan ${planId}`;
    const isStored = s3.objects('records/').some(({ key }) => key.endsWith(`${reportId}/10-intent.json`));
    const problem = this.#enterprise.whyNotDue(apiKeyId, known.looks.get(userId) ?? scheduler.now);
    this.#ledger.check(
      'a sweep deletes only what is due',
      problem === undefined,
      () => `${where}: it ${problem}`,
    );
    this.#ledger.check('an intent precedes each DELETE', isStored, () => where);
    plan?.deleted.add(apiKeyId);
    const isAllowed = plan?.isReleased === true || plan?.isEnforced === true;
    const { maxRevocations } = this.#enterprise.plan;
    const isWithin = plan?.isReleased === true || (plan?.deleted.size ?? 0) <= maxRevocations;
    this.#ledger.check(
      'a sweep stays within its limits',
      isAllowed && isWithin,
      () => `${where}, which may not`,
    );
    this.#act(known, apiKeyId, where);
  }

  onEffect(call: Call, status: number): void {
    const { operation, request } = call;
    switch (operation) {
      case 'listServiceUserApiKeys': {
        const userId = request.path.split('/').at(-2) ?? '';
        const { looks } = this.#knowledge(call);
        if (!looks.has(userId)) looks.set(userId, this.#world.scheduler.now);
        return;
      }
      case 'ListObjectsV2':
        if (request.query.get('prefix') === 'control/sweeps/' && !this.isStopped)
          this.#knowledge(call).permits += 1;
        return;
      case 'SendMessage':
        this.#onQueued(call);
        return;
      case 'revokeServiceUserApiKey': {
        const apiKeyId = request.path.split('/').at(-1) ?? '';
        if (status === 200 && this.reportOf(call, apiKeyId) !== undefined) this.deaths.add(apiKeyId);
        return;
      }
      case 'PutObject':
        if (status === 200) this.#onStored(decodeURIComponent(request.path), request.body.toString());
    }
  }

  #onQueued(call: Call): void {
    const { MessageBody } = JSON.parse(call.request.body.toString());
    const reportId = typeof MessageBody === 'string' ? reportIdOf(MessageBody) : undefined;
    if (!reportId?.startsWith('sweep/') || call.container.name !== 'sweep-keys') return;
    this.#ledger.report(reportId);
    this.#act(this.#knowledge(call), reportId, `${call.container.id} queues ${reportId}`);
    this.onMoment('queued', reportId.split('/').at(-1));
  }

  /** Before each act the switch is read, so an invocation acts no more often than it read that sweeps may run. */
  #act({ acts, permits }: Knowledge, act: string, where: string): void {
    acts.add(act);
    this.#ledger.check('a stopped sweep does nothing', acts.size <= permits, () => where);
  }

  #onStored(path: string, body: string): void {
    const [, planId = '', part] = /^\/audit\/plans\/(\d{8}T[^/]+)\/(start|summary)\.json$/.exec(path) ?? [];
    if (part === 'start') {
      const keys = this.#world.devin.keys().map(({ api_key_id }) => api_key_id);
      this.plans.set(planId, { keys, isEnforced: false, isReleased: false, deleted: new Set() });
      this.onMoment('started');
    } else if (part === 'summary') {
      this.#onPlanned(planId, JSON.parse(body));
      this.onMoment('planned');
    }
  }

  #onPlanned(planId: string, { totals, verdict }: Summary): void {
    const plan = this.plans.get(planId);
    if (plan === undefined || verdict !== 'enforce') return;
    plan.isEnforced = true;
    const { hasMistypedExemption, maxRatio, maxRevocations, mode } = this.#enterprise.plan;
    const { keys, revoke } = totals;
    const missing = plan.keys.filter((id) => this.#enterprise.isListed(id)).length - keys;
    const problems = [
      ...(mode === 'report' || this.#world.plan.dryRun ? ['it is only to report'] : []),
      ...(revoke > maxRevocations ? [`it has ${revoke} revocations`] : []),
      ...(revoke > maxRatio * totals.active ? [`it has ${revoke} of ${totals.active} active keys`] : []),
      ...(hasMistypedExemption && revoke > 0 ? ['an exemption matches nothing'] : []),
      ...(missing > 0 ? [`it lacks ${missing} keys`] : []),
    ];
    this.#ledger.check('a sweep stays within its limits', problems.length === 0, () => {
      return `${planId} is to be carried out: ${problems.join(', ')}`;
    });
  }

  onDeadLetter(body: string): void {
    const [, planId] = /"plan_id":"([^"]+)"/.exec(body) ?? [];
    if (planId !== undefined) this.onEnd(planId, 'dead letter');
  }

  /** An invocation of a sweep ended. */
  onEnd(planId: string, status: string): void {
    const plan = this.plans.get(planId);
    if (plan !== undefined) plan.status = status;
    this.#ledger.tell(`sweep ${planId}: ${status}`);
  }

  atEnd(): void {
    for (const [planId, { status = 'none' }] of this.plans) {
      const isOver = status !== 'none' && status !== 'unfinished';
      this.#ledger.check('every sweep ends', isOver, () => `${planId} is ${status}`);
      const open = status === 'enforced' || status === 'released' ? this.#open(planId) : [];
      this.#ledger.check('every sweep ends', open.length === 0, () => `${planId} leaves ${open.join()} open`);
    }
  }

  /** Planned revocations that neither ended as a report nor were left alone for a reason. */
  #open(planId: string): string[] {
    const stored = <T>(kind: string): T[] =>
      this.#world.s3.objects(`plans/${planId}/${kind}/`).map(({ body }) => JSON.parse(body));
    const left = stored<Acted>('acted').flatMap((page) => page.left);
    const isLeft = (id: string) => left.some(({ api_key_id, reason }) => api_key_id === id && reason !== '');
    return stored<Page>('pages')
      .flatMap(({ entries }) => entries)
      .filter(({ decision }) => decision === 'revoke')
      .filter(({ api_key_id, service_user_id }) => {
        const report = this.#ledger.reports.get(`sweep/${planId}/${service_user_id}/${api_key_id}`);
        return report?.status === undefined && !isLeft(api_key_id);
      })
      .map(({ api_key_id }) => api_key_id);
  }

  #knowledge({ invocation }: Call): Knowledge {
    const id = invocation?.requestId ?? '';
    const known = this.#known.get(id) ?? { looks: new Map(), permits: 0, acts: new Set() };
    this.#known.set(id, known);
    return known;
  }
}
