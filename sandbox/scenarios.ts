import { alertOf } from './observe.ts';
import type { Scenario, Stage } from './run-scenario.ts';

type Leak = ReturnType<Stage['sandbox']['leak']>;

function introduce({ say }: Stage, leak: Leak): void {
  const keys = leak.keys.length === 1 ? 'one key' : `${leak.keys.length} keys`;
  say(`a service user "${leak.name}" has ${keys}; the token of ${leak.api_key_id} leaks in acme/webshop`);
  say('every service answers after 30 ms\n');
}

function checkDead(stage: Stage, leak: Leak): void {
  const { check, sandbox } = stage;
  check('the key is revoked at Devin', sandbox.devin.key(leak.api_key_id)?.is_active === false);
  check('its token is dead', !sandbox.devin.isLive(leak.token));
  check(
    'no other key was touched',
    leak.others.every(({ token }) => sandbox.devin.isLive(token)),
  );
}

/** Uses a token again and again, until the scenario ends. */
function keepBusy({ sandbox }: Stage, token: string, everyMs: number): void {
  setInterval(() => sandbox.devin.use(token), everyMs).unref();
}

/** The scenarios of `npm start -- --scenario <name>`. */
export const scenarios: Record<string, Scenario> = {
  leak: {
    title: 'A key leaks: from the signed webhook to a dead key and its audit record',
    async play(stage) {
      const { check, deliver, deletions, outcomes, records, redeliver, sandbox, say, steps, waitFor } = stage;
      const leak = sandbox.leak();
      introduce(stage, leak);
      const first = await deliver(leak.alert, 'the-delivery');
      await waitFor('report ended');

      say('\nwhat the sandbox saw');
      check('the webhook was answered 202', first.status === 202);
      const order = ['identified', 'revoked', 'proven dead', 'alert closed'].map((step) =>
        steps.indexOf(step),
      );
      check('identified, revoked, proven dead, alert closed: in this order', isAscending(order));
      checkDead(stage, leak);
      check('the alert is resolved as revoked', alertOf(sandbox, leak.alert)?.resolution === 'revoked');
      check(
        'an intent, the alert and one outcome are on record',
        records().length === 3 && outcomes().length === 1,
      );

      say('\nGitHub delivers the same webhook again');
      const before = deletions().length;
      const again = await redeliver('the-delivery');
      await waitFor('report ended', 2);
      check('it is answered 202 with the same report id', again.status === 202 && again.body === first.body);
      check('nothing is deleted twice', deletions().length === before);
      check('there is still one outcome', outcomes().length === 1);

      say('\nthe audit record');
      for (const path of records()) say(`  ${path}`);
    },
  },

  'several-keys': {
    title: 'The service user has four keys: the last use of the leaked one follows the coins that we toss',
    play: (stage) => findAndRevoke(stage, 4),
  },

  'busy-siblings': {
    title: 'The other keys are in constant use: our coins single out the leaked one all the same',
    play: (stage) =>
      findAndRevoke(stage, 3, (leak) => {
        for (const { token } of leak.others) keepBusy(stage, token, 700);
      }),
  },

  ambiguous: {
    title: 'Devin does not show when keys were used: nothing is guessed, a person decides',
    env: { SEARCH_SECONDS: '15' },
    async play(stage) {
      const { check, deletions, sandbox } = stage;
      const { leak, outcome } = await leakAmbiguousKey(stage);
      check('it is escalated', outcome?.status === 'escalated');
      check('nothing was deleted', deletions().length === 0);
      check('the alert stays open', alertOf(sandbox, leak.alert)?.state === 'open');
      check(
        'the record lists the candidates',
        Array.isArray(outcome?.candidates) && outcome.candidates.length === 3,
      );
    },
  },

  'revoke-all': {
    title:
      'The same with AMBIGUOUS_KEY=revoke_all: the candidates are revoked one by one, until the token is dead',
    env: { AMBIGUOUS_KEY: 'revoke_all', PROOF_WINDOW_SECONDS: '2', SEARCH_SECONDS: '10' },
    async play(stage) {
      const { check, sandbox } = stage;
      const { leak, outcome } = await leakAmbiguousKey(stage);
      const revoked = leak.others.filter(({ token }) => !sandbox.devin.isLive(token));
      const named = Array.isArray(outcome?.collateral) ? outcome.collateral : [];
      check('the token is dead', !sandbox.devin.isLive(leak.token));
      check('every other key that was revoked is named as collateral', named.length === revoked.length);
    },
  },

  'own-key': {
    title: 'Our own admin token leaks: the standby token revokes it, with the highest severity',
    env: { STANDBY_TOKEN_SECRET_ID: 'devin-key-revoker/standby-token' },
    async play(stage) {
      const { check, deliver, outcomes, sandbox, say, waitFor } = stage;
      const alert = sandbox.github.createAlert({
        owner: 'acme',
        repo: 'webshop',
        secret: sandbox.admin.token,
      });
      await deliver(alert);
      await waitFor('report ended');
      const [outcome] = outcomes();
      say(`\n${outcome?.next_step}\n`);
      check(
        'it is revoked, and recorded as our own key',
        outcome?.status === 'revoked' && outcome.own_key === true,
      );
      check('the admin token is dead', !sandbox.devin.isLive(sandbox.admin.token));
      const next = sandbox.leak();
      await deliver(next.alert);
      await waitFor('report ended', 2);
      check('the next leak is still revoked', !sandbox.devin.isLive(next.token));
    },
  },

  'personal-token': {
    title: 'The token is a personal access token: no admin call revokes it, a person has to',
    async play(stage) {
      const { check, deletions, deliver, outcomes, sandbox, say, waitFor } = stage;
      const secret = sandbox.devin.createPersonalToken();
      await deliver(sandbox.github.createAlert({ owner: 'acme', repo: 'webshop', secret }));
      await waitFor('report ended');
      const [outcome] = outcomes();
      say(`\n${outcome?.reason}\n${outcome?.next_step}\n`);
      check('it is escalated', outcome?.status === 'escalated');
      check('nothing was deleted', deletions().length === 0);
    },
  },

  'lagging-revocation': {
    title: 'Devin takes three seconds until a revoked token stops working: success is reported only then',
    async play(stage) {
      const { check, deliver, outcomes, sandbox, waitFor } = stage;
      sandbox.devin.revocationLagMs = 3_000;
      const leak = sandbox.leak();
      introduce(stage, leak);
      await deliver(leak.alert);
      await waitFor('revoked');
      check('the key is revoked, and its token still works', sandbox.devin.isLive(leak.token));
      await waitFor('report ended');
      const [outcome] = outcomes();
      check('it is proven dead by several probes', probes(outcome) > 1 && outcome?.status === 'revoked');
      checkDead(stage, leak);
    },
  },
};

/** Leaks one of three keys whose uses Devin does not show, and prints the outcome. */
async function leakAmbiguousKey(stage: Stage) {
  const { deliver, outcomes, sandbox, say, waitFor } = stage;
  sandbox.devin.lastUsedLagMs = Number.POSITIVE_INFINITY;
  const leak = sandbox.leak({ keys: 3 });
  introduce(stage, leak);
  await deliver(leak.alert);
  await waitFor('report ended');
  const [outcome] = outcomes();
  say(`\n${JSON.stringify(outcome, null, 2)}\n`);
  return { leak, outcome };
}

/** Leaks one of several keys, and checks that it is found and revoked. */
async function findAndRevoke(
  stage: Stage,
  keys: number,
  arrange: (leak: Leak) => void = () => {},
): Promise<void> {
  const { check, deliver, outcomes, sandbox, say, waitFor } = stage;
  const leak = sandbox.leak({ keys });
  introduce(stage, leak);
  arrange(leak);
  await deliver(leak.alert);
  await waitFor('report ended');
  const [outcome] = outcomes();
  say(`\n${JSON.stringify({ attribution: outcome?.attribution, exposure: outcome?.exposure }, null, 2)}\n`);
  checkDead(stage, leak);
  check('the alert is resolved as revoked', alertOf(sandbox, leak.alert)?.resolution === 'revoked');
}

function probes(outcome: { [name: string]: unknown } | undefined): number {
  const proof = outcome?.proof;
  return Number(Object(proof).probes ?? 0);
}

function isAscending(numbers: number[]): boolean {
  return numbers.every((number, index) => number >= 0 && number > (numbers[index - 1] ?? -1));
}
