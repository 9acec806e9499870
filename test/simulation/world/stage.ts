import type { LeakKind } from './plan.ts';
import type { World } from './world.ts';

/** Has a key leak in one of the ways, and reports it. */
export function stage(kind: LeakKind, world: World): void {
  const { chance, devin, github, ledger } = world;
  const iso = new Date(world.time).toISOString().replace(/\.\d+Z$/, 'Z');
  const seconds = Math.floor(world.time / 1_000);
  const repo = `repo-${ledger.alerts.length + 1}`;
  ledger.tell(`leaks: ${kind}`);

  function newKey(siblings = 0, given = {}) {
    const { service_user_id } = devin.createServiceUser();
    const created_at = seconds - 86_400;
    const key = devin.createKey(service_user_id, { created_at, ...given });
    const others = Array.from({ length: siblings }, () => devin.createKey(service_user_id, { created_at }));
    ledger.guard(key.token);
    ledger.leaked.add(key.api_key_id);
    // The software may revoke them one by one where it cannot tell them apart.
    if (world.plan.ambiguousKey === 'revoke_all')
      for (const other of others) ledger.leaked.add(other.api_key_id);
    return key;
  }

  function alert(tokens: readonly string[], given = {}) {
    const secret = tokens.join('\n');
    const made = github.createAlert({ repo, secret, created_at: iso, ...given });
    ledger.alerts.push({ alert: made, tokens });
    world.deliver(made);
    return made;
  }

  function invoke(event: object, isDryRun = false): void {
    const id = `console/${world.nextRequest}`;
    ledger.report(id).isDryRun = isDryRun;
    world.invoke('revoke', event, [id], (ended) => ledger.onInvoked(id, ended));
  }

  /** Lambda tries it three times in all. */
  function emit(detail: object, isDryRun = false): void {
    const id = `event-${ledger.reports.size}`;
    const report_id = `eventbridge/${id}`;
    const event = {
      id,
      source: 'devin-key-revoker',
      time: iso,
      'detail-type': 'Devin API key leaked',
      detail,
    };
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

  const idsOf = ({ api_key_id, service_user_id }: { api_key_id: string; service_user_id: string }) => ({
    api_key_id,
    service_user_id,
  });
  switch (kind) {
    case 'an alert':
      alert([newKey().token]);
      return;
    case 'an alert of a key among others':
      alert([newKey(chance.whole(1, 2)).token]);
      return;
    case 'an alert of a dead key': {
      const key = newKey();
      devin.revoke(key.api_key_id);
      ledger.revokedByOthers.add(key.api_key_id);
      alert([key.token]);
      return;
    }
    case 'an alert of an expired key':
      alert([newKey(0, { expires_at: seconds - chance.whole(1, 100_000) }).token]);
      return;
    case 'an alert of a token that nobody knows':
      alert([unknownToken(world)]);
      return;
    case 'an alert of a personal token': {
      const token = devin.createPersonalToken();
      ledger.guard(token);
      alert([token]);
      return;
    }
    case 'an alert of two tokens':
      alert([newKey().token, chance.happens(0.3) ? unknownToken(world) : newKey().token]);
      return;
    case 'an alert that is resolved':
      alert([newKey().token], { state: 'resolved', resolution: 'wont_fix' });
      return;
    case 'an alert that somebody closes meanwhile': {
      const made = alert([newKey().token]);
      world.schedule(chance.whole(0, 20_000), () => github.resolve(made));
      return;
    }
    case 'two alerts of one token': {
      const { token } = newKey();
      alert([token]);
      world.schedule(chance.whole(0, 10_000), () => {
        const again = github.createAlert({ repo: `${repo}-copy`, secret: token, created_at: iso });
        ledger.alerts.push({ alert: again, tokens: [token] });
        world.deliver(again);
      });
      return;
    }
    case 'a key that somebody else revokes meanwhile': {
      const key = newKey();
      alert([key.token]);
      world.schedule(chance.whole(0, 5_000), () => {
        if (devin.key(key.api_key_id)?.revoked_at !== null) return;
        ledger.tell(`somebody else revokes ${key.api_key_id}`);
        ledger.revokedByOthers.add(key.api_key_id);
        devin.revoke(key.api_key_id);
      });
      return;
    }
    case 'a token, by a person':
      invoke({ token: newKey(chance.happens(0.2) ? 1 : 0).token });
      return;
    case 'a key by its ids, by a person':
      invoke(idsOf(newKey(chance.whole(0, 2))));
      return;
    case 'a key by its ids, by an event':
      emit(idsOf(newKey(chance.whole(0, 2))));
      return;
    case 'wrong ids, by a person': {
      const api_key_id = `key-${chance.bytes(12).toString('hex')}`;
      // Whoever names a key has it deleted.
      ledger.leaked.add(api_key_id);
      invoke({ ...idsOf(newKey()), api_key_id });
      return;
    }
    case 'a dry run by a person':
      invoke({ ...idsOf(newKey()), dry_run: true }, true);
      return;
    case 'a dry run by an event':
      emit({ token: newKey().token, dry_run: true }, true);
      return;
    case 'our own admin token':
      ledger.leaked.add(world.admin.api_key_id);
      alert([world.admin.token]);
      return;
    case 'a message that is no report':
      world.leaks.send(chance.pick(['', '{', '{"version":1}', 'null', '[]']));
      world.wake(world.leaks);
      return;
    default:
      kind satisfies never;
  }
}

const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567';

function unknownToken({ chance, ledger }: World): string {
  const token = `cog_${Array.from({ length: 52 }, () => chance.pick([...BASE32])).join('')}`;
  ledger.guard(token);
  return token;
}
