import { describeAftermath } from '../lib/aftermath/describe-aftermath.ts';
import { Aftermath } from '../lib/domain/aftermath.ts';
import { drillScenario } from './drill-scenario.ts';
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
        'an intent, the DELETE, the alert and one outcome are on record',
        records().length === 4 && outcomes().length === 1,
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

  thief: {
    title: 'A thief used the key before it was revoked: what was started is found, and left to a person',
    env: { AFTERMATH: 'report' },
    next: 'thief-terminate',
    play: (stage) => playThief(stage, 'report'),
  },

  'thief-terminate': {
    title:
      'The same, with AFTERMATH=terminate: sessions are ended, and the key that the thief made is revoked',
    env: { AFTERMATH: 'terminate' },
    play: (stage) => playThief(stage, 'terminate'),
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
      const named = sandbox.devin.personalToken(secret);
      const nextStep = String(outcome?.next_step);
      check('it is escalated', outcome?.status === 'escalated');
      check(
        'the next step names the token and its user',
        nextStep.includes(named?.api_key_id ?? '?') && nextStep.includes(named?.user_name ?? '?'),
      );
      check('nothing was deleted', deletions().length === 0);
    },
  },

  'stray-401': {
    title:
      'The first use of the token is answered 401 by a firewall: the key is not taken for dead, and is revoked',
    async play(stage) {
      const { check, deliver, outcomes, sandbox, waitFor } = stage;
      const leak = sandbox.leak();
      introduce(stage, leak);
      sandbox.devin.fault({ operation: 'getSelf', status: 401 });
      await deliver(leak.alert);
      await waitFor('report ended');
      checkDead(stage, leak);
      check('it was revoked, not found dead', outcomes()[0]?.status === 'revoked');
    },
  },

  'cached-nodes': {
    title:
      'Four API nodes cache the token for three seconds: nothing is called revoked while one of them accepts it',
    env: { PROOF_WINDOW_SECONDS: '6' },
    async play(stage) {
      const { check, deliver, outcomes, sandbox, waitFor } = stage;
      const leak = sandbox.leak();
      introduce(stage, leak);
      Object.assign(sandbox.devin, { nodes: 4, nodeCacheMs: 3_000 });
      sandbox.devin.useEverywhere(leak.token);
      await deliver(leak.alert);
      await waitFor('revoked');
      check('the key is revoked, and nodes still accept its token', sandbox.devin.acceptedBy(leak.token) > 0);
      await waitFor('report ended');
      check('no node accepts it when it is called revoked', sandbox.devin.acceptedBy(leak.token) === 0);
      const [outcome] = outcomes();
      check('it is proven dead by several probes', probes(outcome) > 3 && outcome?.status === 'revoked');
    },
  },

  'unknown-owner': {
    title: 'A token that nobody knows is rejected: it is closed with what was seen, and no more is claimed',
    async play(stage) {
      const { check, deliver, deletions, outcomes, sandbox, say, waitFor } = stage;
      const leak = sandbox.leak();
      sandbox.devin.rejected.add(leak.token);
      await deliver(leak.alert);
      await waitFor('report ended');
      const [outcome] = outcomes();
      const comment = alertOf(sandbox, leak.alert)?.resolution_comment ?? '';
      say(`\n${comment}\n`);
      check('it is already revoked, owner unknown', outcome?.owner === 'unknown');
      check('the comment says that it is rejected from our address', comment.includes('from our address'));
      check('a second look is noted for the next day', sandbox.s3.objects('rechecks/').length === 1);
      check('nothing was deleted', deletions().length === 0);
    },
  },

  'several-tokens': {
    title: 'One secret holds two tokens among other text: both are dead before the alert is closed',
    async play(stage) {
      const { check, deliver, outcomes, sandbox, waitFor } = stage;
      const leaks = [sandbox.leak({ repo: 'one' }), sandbox.leak({ repo: 'two' })];
      const secret = leaks.map(({ token }, index) => `DEVIN_API_KEY_${index}="${token}"`).join('\n');
      const alert = sandbox.github.createAlert({ secret });
      await deliver(alert);
      await waitFor('report ended');
      for (const leak of leaks) checkDead(stage, leak);
      const [outcome] = outcomes();
      check('the outcome lists both', Array.isArray(outcome?.leaks) && outcome.leaks.length === 2);
      check('the alert is resolved as revoked', alertOf(sandbox, alert)?.resolution === 'revoked');
    },
  },

  rehearsal: {
    title: 'With DRY_RUN=true: all that would be done is on record, nothing is done, and no outcome is left',
    env: { DRY_RUN: 'true' },
    async play(stage) {
      const { check, deliver, deletions, outcomes, records, sandbox, say, waitFor } = stage;
      const leak = sandbox.leak();
      introduce(stage, leak);
      await deliver(leak.alert);
      await waitFor('report ended');
      const [record] = sandbox.s3.objects('records/');
      const { would_do, would_end } = JSON.parse(record?.body ?? '{}').unmapped ?? {};
      say(`\n${JSON.stringify({ would_end, would_do }, null, 2)}\n`);
      check('it would have been revoked', would_end === 'revoked');
      check('nothing was deleted', deletions().length === 0 && sandbox.devin.isLive(leak.token));
      check('the alert stays open', alertOf(sandbox, leak.alert)?.state === 'open');
      check('a rehearsal is on record, and no outcome', records().length === 1 && outcomes().length === 0);
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
  drill: drillScenario,
};

/** Leaks one of three keys whose uses Devin does not show, and prints the outcome. */
/** Two sessions, one in a user's name, a nightly schedule and a second key, before the webhook arrives. */
async function playThief(stage: Stage, mode: 'report' | 'terminate'): Promise<void> {
  const { check, deliver, outcomes, sandbox, say, waitFor } = stage;
  const { devin, s3 } = sandbox;
  const leak = sandbox.leak();
  introduce(stage, leak);
  const { service_user_id } = leak;
  const sessions = [
    devin.startSession({ service_user_id, title: 'collect what the repositories hold' }),
    devin.startSession({ service_user_id, title: 'the same as alice', as_user: 'user-alice' }),
  ];
  const schedule = devin.createSchedule({ created_by: service_user_id, name: 'nightly' });
  const second = devin.createKey(service_user_id, { name: 'second' });
  const data = { service_user_id, api_key_id: second.api_key_id };
  devin.act({ service_user_id, action: 'create_service_user_api_key', data });
  say('a thief starts two sessions, one as alice, a nightly schedule, and makes a second key\n');

  await deliver(leak.alert);
  await waitFor('aftermath');
  if (mode === 'terminate') await waitFor('report ended', 2);
  const record = s3.objects('records/').find(({ key }) => key.endsWith('/75-aftermath.json'));
  const facts = Aftermath.safeParse(withoutReport(record?.body)).data;
  say(`\n${facts === undefined ? 'no record' : describeAftermath(facts).join('\n')}\n`);
  checkDead(stage, leak);
  check('both sessions are on record', facts?.sessions.total === 2);
  check(
    'one of them is in the name of alice',
    facts?.sessions.listed.some(({ as_user }) => as_user === 'user-alice') === true,
  );
  check('the schedule is on record, and left to a person', facts?.schedules.total === 1 && schedule.enabled);
  check('the second key is on record', facts?.keys.listed[0]?.api_key_id === second.api_key_id);
  const running = sessions.filter(({ session_id }) => devin.session(session_id)?.status === 'running');
  if (mode === 'report') {
    check('nothing was ended', running.length === 2 && devin.isLive(second.token));
    return;
  }
  check('both sessions are ended', running.length === 0);
  check('the second key is revoked as a report of its own', !devin.isLive(second.token));
  check('each report has one outcome', outcomes().length === 2);
}

/** The facts of an aftermath's record, without what the record adds. */
function withoutReport(body = '{}'): object {
  const { attempt: _attempt, report: _report, ...facts } = JSON.parse(body).unmapped ?? {};
  return facts;
}

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
