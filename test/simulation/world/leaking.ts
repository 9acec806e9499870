import type { AlertName, NewAlert } from '../../../sandbox/github.ts';
import type { World } from './world.ts';

type Key = ReturnType<World['devin']['createKey']>;

const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567';

/** Makes keys and tokens in a world, and reports them in each of the ways. */
export class Leaking {
  readonly world: World;
  readonly repo: string;
  readonly #iso: string;
  readonly #second: number;

  constructor(world: World) {
    this.world = world;
    this.repo = `repo-${world.ledger.alerts.length + 1}`;
    this.#second = Math.floor(world.time / 1_000);
    this.#iso = new Date(world.time).toISOString().replace(/\.\d+Z$/, 'Z');
  }

  /** Of a service user of its own, made a day ago. @param expiredFor seconds */
  key(siblings = 0, expiredFor?: number): Key {
    const { devin, ledger, plan } = this.world;
    const { service_user_id } = devin.createServiceUser();
    const created_at = this.#second - 86_400;
    const expires_at = expiredFor === undefined ? null : this.#second - expiredFor;
    const key = devin.createKey(service_user_id, { created_at, expires_at });
    const others = Array.from({ length: siblings }, () => devin.createKey(service_user_id, { created_at }));
    ledger.guard(key.token);
    ledger.leaked.add(key.api_key_id);
    // The software may revoke them one by one where it cannot tell them apart.
    if (plan.ambiguousKey === 'revoke_all') for (const other of others) ledger.leaked.add(other.api_key_id);
    return key;
  }

  unknownToken(): string {
    const { chance, ledger } = this.world;
    const token = `cog_${Array.from({ length: 52 }, () => chance.pick([...BASE32])).join('')}`;
    ledger.guard(token);
    return token;
  }

  personalToken(): string {
    const token = this.world.devin.createPersonalToken();
    this.world.ledger.guard(token);
    return token;
  }

  revokeByOthers(apiKeyId: string): void {
    const { devin, ledger } = this.world;
    if (devin.key(apiKeyId)?.revoked_at !== null) return;
    ledger.tell(`somebody else revokes ${apiKeyId}`);
    ledger.revokedByOthers.add(apiKeyId);
    devin.revoke(apiKeyId);
  }

  /** An alert of GitHub, with its webhook. */
  alert(tokens: readonly string[], given: Partial<NewAlert> = {}): AlertName {
    const { github, ledger } = this.world;
    const secret = tokens.join('\n');
    const alert = github.createAlert({ repo: this.repo, secret, created_at: this.#iso, ...given });
    ledger.alerts.push({ alert, tokens });
    this.world.deliver(alert);
    return alert;
  }

  /** A person invokes the function. */
  invoke(event: object, isDryRun = false): void {
    const { ledger } = this.world;
    const id = `console/${this.world.nextRequest}`;
    ledger.report(id).isDryRun = isDryRun;
    this.world.invoke('revoke', event, [id], (ended) => ledger.onInvoked(id, ended));
  }

  /** An event of EventBridge, which Lambda tries three times in all. */
  emit(detail: object, isDryRun = false): void {
    const { world } = this;
    const { ledger } = world;
    const id = `event-${ledger.reports.size}`;
    const report_id = `eventbridge/${id}`;
    const type = 'Devin API key leaked';
    const event = { id, source: 'devin-key-revoker', time: this.#iso, 'detail-type': type, detail };
    ledger.report(report_id).isDryRun = isDryRun;
    const attempt = (left: number): void => {
      world.invoke('revoke', event, [report_id], ({ how }) => {
        if (how === 'answered') return;
        if (left === 0) ledger.onDropped(report_id);
        else world.schedule(left === 2 ? 60_000 : 120_000, () => attempt(left - 1));
      });
    };
    attempt(2);
  }
}

export function idsOf({ api_key_id, service_user_id }: Key) {
  return { api_key_id, service_user_id };
}
