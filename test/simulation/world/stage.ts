import { idsOf, Leaking } from './leaking.ts';
import type { LeakKind } from './plan.ts';
import type { World } from './world.ts';

/** Has a key leak in one of the ways, and reports it. */
export function stage(kind: LeakKind, world: World): void {
  world.ledger.tell(`leaks: ${kind}`);
  WAYS[kind](new Leaking(world));
}

const WAYS: Readonly<Record<LeakKind, (leaking: Leaking) => void>> = {
  'an alert': (leaking) => {
    leaking.alert([leaking.key().token]);
  },
  'an alert of a key among others': (leaking) => {
    leaking.alert([leaking.key(leaking.world.chance.whole(1, 2)).token]);
  },
  'an alert of a dead key': (leaking) => {
    const key = leaking.key();
    leaking.revokeByOthers(key.api_key_id);
    leaking.alert([key.token]);
  },
  'an alert of an expired key': (leaking) => {
    leaking.alert([leaking.key(0, leaking.world.chance.whole(1, 100_000)).token]);
  },
  'an alert of a token that nobody knows': (leaking) => {
    leaking.alert([leaking.unknownToken()]);
  },
  'an alert of a personal token': (leaking) => {
    leaking.alert([leaking.personalToken()]);
  },
  'an alert of two tokens': (leaking) => {
    const first = leaking.key().token;
    const isUnknown = leaking.world.chance.happens(0.3);
    leaking.alert([first, isUnknown ? leaking.unknownToken() : leaking.key().token]);
  },
  'an alert that is resolved': (leaking) => {
    leaking.alert([leaking.key().token], { state: 'resolved', resolution: 'wont_fix' });
  },
  'an alert that somebody closes meanwhile': (leaking) => {
    const { world } = leaking;
    const alert = leaking.alert([leaking.key().token]);
    world.schedule(world.chance.whole(0, 20_000), () => world.github.resolve(alert));
  },
  'two alerts of one token': (leaking) => {
    const { world } = leaking;
    const { token } = leaking.key();
    leaking.alert([token]);
    world.schedule(world.chance.whole(0, 10_000), () =>
      leaking.alert([token], { repo: `${leaking.repo}-copy` }),
    );
  },
  'a key that somebody else revokes meanwhile': (leaking) => {
    const { world } = leaking;
    const key = leaking.key();
    leaking.alert([key.token]);
    world.schedule(world.chance.whole(0, 5_000), () => leaking.revokeByOthers(key.api_key_id));
  },
  'a token, by a person': (leaking) => {
    leaking.invoke({ token: leaking.key(leaking.world.chance.happens(0.2) ? 1 : 0).token });
  },
  'a key by its ids, by a person': (leaking) => {
    leaking.invoke(idsOf(leaking.key(leaking.world.chance.whole(0, 2))));
  },
  'a key by its ids, by an event': (leaking) => {
    leaking.emit(idsOf(leaking.key(leaking.world.chance.whole(0, 2))));
  },
  'wrong ids, by a person': (leaking) => {
    const { chance, ledger } = leaking.world;
    const api_key_id = `key-${chance.bytes(12).toString('hex')}`;
    // Whoever names a key has it deleted.
    ledger.leaked.add(api_key_id);
    leaking.invoke({ ...idsOf(leaking.key()), api_key_id });
  },
  'a dry run by a person': (leaking) => {
    leaking.invoke({ ...idsOf(leaking.key()), dry_run: true }, true);
  },
  'a dry run by an event': (leaking) => {
    leaking.emit({ token: leaking.key().token, dry_run: true }, true);
  },
  'our own admin token': (leaking) => {
    const { world } = leaking;
    const { api_key_id, token } = world.admin;
    world.ledger.leaked.add(api_key_id);
    leaking.alert([token]);
    // The alarm brings a person.
    world.schedule(30 * 60_000, () => world.renewAdmin());
  },
  'a message that is no report': ({ world }) => {
    world.leaks.send(world.chance.pick(['', '{', '{"version":1}', 'null', '[]']));
    world.wake(world.leaks);
  },
};
