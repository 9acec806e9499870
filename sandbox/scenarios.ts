import { alertOf } from './observe.ts';
import type { Scenario, Story } from './story.ts';

type Leak = ReturnType<Story['sandbox']['leak']>;

function introduce({ say }: Story, leak: Leak): void {
  const keys = leak.keys.length === 1 ? 'one key' : `${leak.keys.length} keys`;
  say(`a service user "${leak.name}" has ${keys}; the token of ${leak.api_key_id} is in acme/webshop`);
  say('every service answers after 30 ms\n');
}

function checkDead(story: Story, leak: Leak): void {
  const { check, sandbox } = story;
  check('the key is revoked at Devin', sandbox.devin.key(leak.api_key_id)?.is_active === false);
  check('its token is dead', !sandbox.devin.isLive(leak.token));
  check(
    'no other key was touched',
    leak.others.every(({ token }) => sandbox.devin.isLive(token)),
  );
}

/** Uses a token all the time, until the story ends. */
function keepBusy({ sandbox }: Story, token: string, everyMs: number): void {
  setInterval(() => sandbox.devin.use(token), everyMs).unref();
}

/** The stories that `npm start -- --scenario <name>` tells. */
export const scenarios: Record<string, Scenario> = {
  leak: {
    title: 'A key leaks: from the signed webhook to a dead key and its audit record',
    async tell(story) {
      const { check, deliver, deletions, outcomes, records, redeliver, sandbox, say, steps, waitFor } = story;
      const leak = sandbox.leak();
      introduce(story, leak);
      const first = await deliver(leak.alert, 'the-delivery');
      await waitFor('report ended');

      say('\nwhat the sandbox saw');
      check('the webhook was answered 202', first.status === 202);
      const order = ['identified', 'revoked', 'proven dead', 'alert closed'].map((step) =>
        steps.indexOf(step),
      );
      check('identified, revoked, proven dead, alert closed: in this order', isAscending(order));
      checkDead(story, leak);
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
    title: 'The service user has four keys: the one whose last use follows ours is the one',
    tell: (story) => tellFound(story, 4),
  },

  'busy-siblings': {
    title: 'The other keys are in use all the time: uses at random moments tell the leaked one from them',
    tell: (story) =>
      tellFound(story, 3, (leak) => {
        for (const { token } of leak.others) keepBusy(story, token, 700);
      }),
  },

  ambiguous: {
    title: 'Devin does not say when keys were used: nothing is guessed, a person decides',
    async tell(story) {
      const { check, deletions, deliver, outcomes, sandbox, say, waitFor } = story;
      sandbox.devin.lastUsedLagMs = Number.POSITIVE_INFINITY;
      const leak = sandbox.leak({ keys: 3 });
      introduce(story, leak);
      await deliver(leak.alert);
      await waitFor('report ended');
      const [outcome] = outcomes();
      say(`\n${JSON.stringify(outcome, null, 2)}\n`);
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
    title: 'The same, with AMBIGUOUS_KEY=revoke_all: candidates one by one, until the token is dead',
    env: { AMBIGUOUS_KEY: 'revoke_all', PROOF_WINDOW_SECONDS: '2' },
    async tell(story) {
      const { check, deliver, outcomes, sandbox, say, waitFor } = story;
      sandbox.devin.lastUsedLagMs = Number.POSITIVE_INFINITY;
      const leak = sandbox.leak({ keys: 3 });
      introduce(story, leak);
      await deliver(leak.alert);
      await waitFor('report ended');
      const [outcome] = outcomes();
      say(`\n${JSON.stringify(outcome, null, 2)}\n`);
      const revoked = leak.others.filter(({ token }) => !sandbox.devin.isLive(token));
      const told = Array.isArray(outcome?.collateral) ? outcome.collateral : [];
      check('the token is dead', !sandbox.devin.isLive(leak.token));
      check('each other key that was revoked is told as collateral', told.length === revoked.length);
    },
  },

  'own-key': {
    title: 'Our own admin token leaks: the standby token revokes it, and the alarm is at its highest',
    env: { STANDBY_TOKEN_SECRET_ID: 'devin-key-revoker/standby-token' },
    async tell(story) {
      const { check, deliver, outcomes, sandbox, say, waitFor } = story;
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
        'it is revoked, and marked as our own key',
        outcome?.status === 'revoked' && outcome.own_key === true,
      );
      check('the admin token is dead', !sandbox.devin.isLive(sandbox.admin.token));
      const next = sandbox.leak();
      await deliver(next.alert);
      await waitFor('report ended', 2);
      check('the next leak is revoked all the same', !sandbox.devin.isLive(next.token));
    },
  },

  'personal-token': {
    title: 'The token is a personal access token: no admin call revokes it, a person has to',
    async tell(story) {
      const { check, deletions, deliver, outcomes, sandbox, say, waitFor } = story;
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
    title: 'Devin takes three seconds until a revoked token stops working: success is told only then',
    async tell(story) {
      const { check, deliver, outcomes, sandbox, waitFor } = story;
      sandbox.devin.revocationLagMs = 3_000;
      const leak = sandbox.leak();
      introduce(story, leak);
      await deliver(leak.alert);
      await waitFor('revoked');
      check('the key is revoked, and its token still works', sandbox.devin.isLive(leak.token));
      await waitFor('report ended');
      const [outcome] = outcomes();
      check('it is proven dead by several probes', probes(outcome) > 1 && outcome?.status === 'revoked');
      checkDead(story, leak);
    },
  },
};

async function tellFound(
  story: Story,
  keys: number,
  arrange: (leak: Leak) => void = () => {},
): Promise<void> {
  const { check, deliver, outcomes, sandbox, say, waitFor } = story;
  const leak = sandbox.leak({ keys });
  introduce(story, leak);
  arrange(leak);
  await deliver(leak.alert);
  await waitFor('report ended');
  const [outcome] = outcomes();
  say(`\n${JSON.stringify({ attribution: outcome?.attribution, exposure: outcome?.exposure }, null, 2)}\n`);
  checkDead(story, leak);
  check('the alert is resolved as revoked', alertOf(sandbox, leak.alert)?.resolution === 'revoked');
}

function probes(outcome: { [name: string]: unknown } | undefined): number {
  const proof = outcome?.proof;
  return typeof proof === 'object' && proof !== null && 'probes' in proof ? Number(proof.probes) : 0;
}

function isAscending(numbers: number[]): boolean {
  return numbers.every((number, index) => number >= 0 && number > (numbers[index - 1] ?? -1));
}
