import type { NewKey } from '../../../sandbox/devin.ts';
import type { SweepPlan } from './sweep-plan.ts';
import type { SweepSurroundings } from './sweep-surroundings.ts';

const DAY = 86_400;

const USER_KINDS = { lasting: 10, expired: 2, removed: 1 };
/** Keys, by what a sweep has to make of them. */
const KEY_KINDS = {
  fresh: 4,
  expired: 3,
  old: 2,
  idle: 3,
  'never used': 1,
  'about to expire': 1,
  revoked: 1,
};
const CHANGES = {
  'uses a key': 4,
  'rotates a key': 2,
  'revokes a key': 2,
  'renews a service user': 2,
  'removes a service user': 1,
};

interface OwnedKey {
  readonly service_user_id: string;
  readonly api_key_id: string;
  readonly token: string;
  /** When the world began, UNIX seconds. */
  readonly last_used_at: number;
  /** Since then, milliseconds of the world. */
  readonly uses: number[];
}

/** Service users and keys for a sweep to judge, and people who go on working with them. */
export class Enterprise {
  readonly plan: SweepPlan;
  readonly exempt: string[] = [];
  readonly keys = new Map<string, OwnedKey>();
  readonly #world: SweepSurroundings;
  /** When they expire, UNIX seconds. */
  readonly #users = new Map<string, number | null>();
  readonly #renewed = new Map<string, number>();
  readonly #removed = new Set<string>();

  constructor(world: SweepSurroundings, plan: SweepPlan) {
    this.#world = world;
    this.plan = plan;
    for (let made = 0; made < plan.serviceUsers; made++) this.#addUser();
    const { chance, devin } = world;
    for (let made = 0; made < plan.exemptions && this.keys.size > 0; made++) {
      const { api_key_id, api_key_name, service_user_id } = devin.key(chance.pick([...this.keys.keys()]))!;
      this.exempt.push(chance.pick([service_user_id, api_key_id, api_key_name]));
    }
    if (plan.hasMistypedExemption) this.exempt.push('deploy-bto');
    // A key of ours would be due by its age, but a report of our admin token has to find that key alone.
    const isOursLeaked = world.plan.leaks.some(({ kind }) => kind === 'our own admin token');
    if (!isOursLeaked) this.#addKey(world.admin.service_user_id, { created_at: this.#second - 500 * DAY });
  }

  /** The policy, as the function reads it. */
  get env(): Record<string, string> {
    const { maxAgeDays, maxIdleDays, maxRatio, maxRevocations, mode } = this.plan;
    return {
      SWEEP_MODE: mode,
      ...(maxAgeDays !== undefined && { SWEEP_MAX_AGE_DAYS: String(maxAgeDays) }),
      ...(maxIdleDays !== undefined && { SWEEP_MAX_IDLE_DAYS: String(maxIdleDays) }),
      SWEEP_MAX_REVOCATIONS: String(maxRevocations),
      SWEEP_MAX_RATIO: String(maxRatio),
      SWEEP_EXEMPT: this.exempt.join(),
    };
  }

  get #second(): number {
    return Math.floor(this.#world.time / 1_000);
  }

  #addUser(): void {
    const { chance, devin } = this.#world;
    const kind = chance.weighted(USER_KINDS);
    const expires_at = kind === 'expired' ? this.#second - chance.whole(1, 40) * DAY : null;
    const { service_user_id } = devin.createServiceUser({ expires_at });
    this.#users.set(service_user_id, expires_at);
    for (let left = chance.whole(0, 4); left > 0; left--) this.#addKey(service_user_id, this.#drawKey());
    if (kind === 'removed') this.#remove(service_user_id);
  }

  #addKey(serviceUserId: string, given: NewKey): void {
    const { devin, ledger } = this.#world;
    const key = devin.createKey(serviceUserId, given);
    ledger.guard(key.token);
    this.keys.set(key.api_key_id, { ...key, last_used_at: given.last_used_at ?? 0, uses: [] });
  }

  #drawKey(): NewKey {
    const { chance } = this.#world;
    const now = this.#second;
    const ago = (from: number, to: number) => now - chance.whole(from * DAY, to * DAY);
    const kind = chance.weighted(KEY_KINDS);
    switch (kind) {
      case 'fresh':
        return { created_at: ago(0, 60), expires_at: chance.pick([null, now + chance.whole(2, 300) * DAY]) };
      case 'expired':
        return { created_at: ago(60, 90), expires_at: ago(0, 50) };
      case 'old':
        return { created_at: ago(366, 500), last_used_at: ago(0, 80) };
      case 'idle':
        return { created_at: ago(200, 300), last_used_at: ago(91, 150) };
      case 'never used':
        return { created_at: ago(91, 300) };
      case 'about to expire':
        return { created_at: ago(60, 80), expires_at: now + chance.whole(1, 60) };
      case 'revoked':
        return { created_at: ago(60, 80), revoked_at: ago(1, 50) };
      default:
        return kind satisfies never;
    }
  }

  /**
   * Why no sweep may revoke a key, by the policy and by what is true in the world.
   *
   * @param knownAt what shows later than this is not held against the sweep, milliseconds of the world
   */
  whyNotDue(apiKeyId: string, knownAt: number): string | undefined {
    const { admin, devin, plan, scheduler } = this.#world;
    const key = devin.key(apiKeyId);
    if (key === undefined) return 'does not exist';
    const { api_key_name, created_at, expires_at, is_active, service_user_id } = key;
    if (service_user_id === admin.service_user_id) return 'is of our own service user';
    const names = [service_user_id, apiKeyId, api_key_name];
    if (names.some((name) => this.exempt.includes(name))) return 'is exempt';
    const { last_used_at = 0, uses = [] } = this.keys.get(apiKeyId) ?? {};
    const seconds = uses
      .filter((at) => at + plan.lastUsedLagMs <= knownAt)
      .map((at) => (scheduler.epoch + at) / 1_000);
    const { maxAgeDays = Number.POSITIVE_INFINITY, maxIdleDays = Number.POSITIVE_INFINITY } = this.plan;
    const now = this.#second;
    const isRenewed = (this.#renewed.get(service_user_id) ?? Number.POSITIVE_INFINITY) <= knownAt;
    const isDue =
      !is_active ||
      (expires_at !== null && expires_at <= now) ||
      ((this.#users.get(service_user_id) ?? null) !== null && !isRenewed) ||
      now - created_at > maxAgeDays * DAY ||
      now - Math.max(created_at, last_used_at, ...seconds) > maxIdleDays * DAY;
    return isDue ? undefined : 'is not due';
  }

  /** At a moment of a sweep, somebody may work with a key. @param apiKeyId the one that the sweep works on, if there is one */
  mayChange(apiKeyId: string | undefined): void {
    const { chance, ledger } = this.#world;
    if (this.keys.size === 0 || !chance.happens(this.plan.changeRate)) return;
    const isThis = apiKeyId !== undefined && chance.happens(0.7);
    const key = this.keys.get(isThis ? apiKeyId : chance.pick([...this.keys.keys()]));
    if (key === undefined || key.service_user_id === this.#world.admin.service_user_id) return;
    const change = chance.weighted(CHANGES);
    const after = chance.pick([0, chance.whole(0, 1_000), chance.whole(0, 20_000)]);
    this.#world.schedule(after, () => {
      ledger.fault(
        'sweep meets a change',
        [],
        `somebody ${change}: ${key.api_key_id} of ${key.service_user_id}`,
      );
      this.#change(change, key);
    });
  }

  #change(change: keyof typeof CHANGES, { api_key_id, service_user_id, token, uses }: OwnedKey): void {
    const { chance, devin, scheduler } = this.#world;
    switch (change) {
      case 'uses a key':
        if (devin.use(token)) uses.push(scheduler.now);
        return;
      case 'rotates a key':
        this.#addKey(service_user_id, {});
        if (chance.happens(0.5)) this.#revoke(api_key_id);
        return;
      case 'revokes a key':
        this.#revoke(api_key_id);
        return;
      case 'renews a service user':
        devin.renewServiceUser(service_user_id);
        this.#renewed.set(service_user_id, scheduler.now);
        return;
      case 'removes a service user':
        this.#remove(service_user_id);
        return;
      default:
        change satisfies never;
    }
  }

  /** Whether the API still lists it: not the keys of a service user that is removed. */
  isListed(apiKeyId: string): boolean {
    return !this.#removed.has(this.#world.devin.key(apiKeyId)?.service_user_id ?? '');
  }

  #remove(serviceUserId: string): void {
    this.#removed.add(serviceUserId);
    this.#world.devin.removeServiceUser(serviceUserId);
  }

  #revoke(apiKeyId: string): void {
    const { devin, ledger } = this.#world;
    if (devin.key(apiKeyId)?.revoked_at !== null) return;
    ledger.revokedByOthers.add(apiKeyId);
    devin.revoke(apiKeyId);
  }
}
