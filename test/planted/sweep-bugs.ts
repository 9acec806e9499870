import { bugsOf, type PlantedBug } from './planted-bug.ts';

const tests = (name: string): string => `test/sweep/keys/${name}.test.ts`;

/** The sweep of keys: the guard rails of a plan, and what is checked again when it is carried out. */
export const SWEEP_BUGS: readonly PlantedBug[] = [
  ...bugsOf('lib/sweep/keys/kill-switch.ts', tests('kill-switch'), [
    {
      name: 'kill-switch-unreadable-runs',
      find: 'if (!found.ok) {',
      replace: "if (!found.ok) return { state: 'running' };\nif (!found.ok) {",
      caughtBy: 'counts as unknown when it cannot be read, or when its newest object has an unknown name',
    },
    {
      name: 'kill-switch-follows-its-oldest-turn',
      find: 'Math.max(Date.now(), found.ok ? found.at + 1 : 0)',
      replace: 'Date.now()',
      caughtBy: 'follows the last turn even when it is made by a clock that is behind',
    },
  ]),
  ...bugsOf('lib/sweep/keys/continuation.ts', tests('continuation'), [
    {
      name: 'planning-goes-on-with-an-unreadable-kill-switch',
      find: "if (found.state === 'running') return undefined;",
      replace: "if (found.state !== 'stopped') return undefined;",
      caughtBy: 'stops while the kill switch cannot be read',
    },
    {
      name: 'page-is-retried-forever',
      find: 'attempt <= ATTEMPTS && ',
      replace: '',
      caughtBy: 'is not tried for a sixth time',
    },
  ]),
  ...bugsOf('lib/sweep/keys/enqueue-page.ts', tests('execute-plan'), [
    {
      name: 'acting-goes-on-with-an-unreadable-kill-switch',
      find: "if (state !== 'running') isStopped = true;",
      replace: "if (state === 'stopped') isStopped = true;",
      caughtBy: 'stops before a key while the kill switch cannot be read',
    },
    {
      name: 'planned-key-is-not-checked-again',
      find: 'const reason = await reasonToSkip(entry, deps);',
      replace: 'const reason = undefined;',
      caughtBy: 'leaves a key that was used meanwhile',
    },
    {
      name: 'planned-key-due-by-another-rule-is-revoked',
      find: 'return decision.rule === entry.rule ? undefined',
      replace: 'return true ? undefined',
      caughtBy: 'leaves a key that is due by another rule',
    },
    {
      name: 'service-user-that-cannot-be-listed-is-acted-on',
      find: "if (found.status === 'unknown') return `",
      replace: "if (found.status === 'unknown') return undefined;\nif (found.status === 'unknown') return `",
      caughtBy: 'leaves the key of a service user that cannot be listed',
    },
  ]),
  ...bugsOf('lib/sweep/keys/enqueue-page.ts', tests('enqueue-page'), [
    {
      name: 'stop-that-one-key-found-is-forgotten',
      find: "if (state !== 'running') isStopped = true;",
      replace: "isStopped = state !== 'running';",
      caughtBy: 'that is %s after some keys leaves the rest',
    },
  ]),
  ...bugsOf('lib/sweep/keys/execute-plan.ts', tests('execute-plan'), [
    {
      name: 'service-user-that-became-ours-is-acted-on',
      find: 'const today = { own: [...own],',
      replace: 'const today = { own: start.own,',
      caughtBy: 'leaves a key whose service user became ours after it',
    },
    {
      name: 'plan-is-carried-out-without-knowing-our-keys',
      find: 'if (own === undefined) return blockWithoutOwnKey(summary);',
      replace:
        'if (own === undefined) { const all = []; return executePlan(start, first, { ...deps, ownServiceUsers: async () => all }); }',
      caughtBy: 'acts on nothing while our own service users are not known',
    },
    {
      name: 'released-plan-that-cannot-be-trusted-is-carried-out',
      find: '(isReleased && isReleasable(blocks))',
      replace: 'isReleased',
      caughtBy: 'by a listing that broke off is not, whoever released it',
    },
    {
      name: 'blocked-plan-is-carried-out',
      find: "return verdict === 'enforce' || ",
      replace: "return verdict !== 'report' || ",
      caughtBy: 'by its cap is carried out once a person released it',
    },
    {
      name: 'dry-run-of-a-sweep-acts',
      find: 'const isOff = deps.dryRun || ',
      replace: 'const isOff = ',
      caughtBy: 'queues nothing in a dry run, nor when sweeps report by now',
    },
    {
      name: 'old-plan-is-carried-out',
      find: 'if (days > planDays) {',
      replace: 'if (days > 365) {',
      caughtBy: 'is refused when it is over a week old',
    },
  ]),
  ...bugsOf('lib/sweep/keys/recheck-before-delete.ts', tests('recheck-before-delete'), [
    {
      name: 'worker-sweeps-a-key-of-ours',
      find: 'if (!own.includes(key.service_user_id)) return notDue;',
      replace: 'return notDue;',
      caughtBy: 'is not revoked when its service user became ours',
    },
    {
      name: 'worker-sweeps-without-knowing-our-keys',
      find: 'if (own === undefined) {',
      replace: 'if (own === undefined) return undefined;\nif (own === undefined) {',
      caughtBy: 'is not revoked while our own service users are not known',
    },
    {
      name: 'worker-sweeps-with-an-unreadable-kill-switch',
      find: "if (found.state === 'unknown') {",
      replace: "if (found.state === 'running' && own === undefined) {",
      caughtBy: 'is not revoked while the kill switch cannot be read',
    },
    {
      name: 'worker-sweeps-what-waited-too-long',
      find: 'Date.now() > actBefore',
      replace: 'false',
      caughtBy: 'is not revoked after its time',
    },
  ]),
  ...bugsOf('lib/sweep/keys/guardrails.ts', tests('guardrails'), [
    {
      name: 'sweep-without-a-cap',
      find: 'if (!(revoke <= caps.maxRevocations)) {',
      replace: 'if (!(revoke <= caps.maxRevocations + 1)) {',
      caughtBy: 'when it revokes one over the cap',
    },
    {
      name: 'share-of-the-keys-is-not-bounded',
      find: 'active > 0 && revoke / active <= caps.maxRatio',
      replace: 'active > 0',
      caughtBy: 'when it revokes just over 20 %',
    },
    {
      name: 'clock-that-is-not-a-number-is-right',
      find: '!(skewSeconds <= MAX_SKEW_SECONDS)',
      replace: 'skewSeconds > MAX_SKEW_SECONDS',
      caughtBy: 'when the clock is not a number',
    },
    {
      name: 'listing-that-broke-off-is-no-block',
      find: 'if (broken !== undefined) blocks',
      replace: 'if (false) blocks',
      caughtBy: 'when the listing broke off',
    },
    {
      name: 'listing-that-broke-off-can-be-released',
      find: "const RELEASABLE: readonly Block['guard'][] = [",
      replace: "const RELEASABLE: readonly Block['guard'][] = ['listing', ",
      caughtBy: 'let a person release what is too much, and nothing that cannot be trusted',
    },
  ]),
  ...bugsOf('lib/sweep/keys/make-plan.ts', tests('make-plan'), [
    {
      name: 'plan-forgets-that-its-listing-broke-off',
      find: "return { status: 'planned', last, broken: reason };",
      replace: "return { status: 'planned', last };",
      caughtBy: 'is planned as a broken one when its listing is refused',
    },
    {
      name: 'plan-is-made-while-sweeps-are-stopped',
      find: 'if (stopped !== undefined) {',
      replace: 'if (false) {',
      caughtBy: 'is not made while sweeps are stopped',
    },
  ]),
  ...bugsOf('lib/sweep/keys/decide-plan.ts', tests('decide-plan'), [
    {
      name: 'decision-ignores-that-the-listing-broke-off',
      find: '    broken,\n    skewSeconds',
      replace: '    skewSeconds',
      caughtBy: 'whose listing broke off is blocked in every mode',
    },
    {
      name: 'enforced-plan-over-a-limit',
      find: "return blocks.length > 0 ? 'blocked' : 'enforce';",
      replace: "return 'enforce';",
      caughtBy: 'over a limit is blocked, or reported in report mode',
    },
    {
      name: 'decision-forgets-whether-our-keys-are-known',
      find: 'ownKnown: start.own.length > 0,',
      replace: 'ownKnown: true,',
      caughtBy: 'made without knowing our own keys is blocked in every mode',
    },
    {
      name: 'previous-plan-that-cannot-be-read-is-none',
      find: "return previous === 'unreadable' ? previous :",
      replace: "return previous === 'unreadable' ? 'none' :",
      caughtBy: 'after one that cannot be read is blocked in every mode',
    },
  ]),
  ...bugsOf('lib/sweep/keys/policy.ts', tests('policy'), [
    {
      name: 'sweep-revokes-a-key-of-ours',
      find: "if (own.includes(owner.service_user_id)) return { decision: 'keep', rule: 'own_key', spared_from: rule };",
      replace: '',
      caughtBy: 'our own key, or a sibling of it',
    },
    {
      name: 'sweep-revokes-what-contradicts-itself',
      find: "if (doubt !== undefined) return { decision: 'keep', rule: 'contradiction', doubt };",
      replace: '',
      caughtBy: 'and active: keep, contradiction',
    },
    {
      name: 'limit-of-age-is-a-day-early',
      find: 'now - created_at > maxAgeDays * DAY',
      replace: 'now - created_at > (maxAgeDays - 1) * DAY',
      caughtBy: 'of exactly the limit',
    },
  ]),
  ...bugsOf('lib/sweep/keys/evaluate-page.ts', tests('evaluate-page'), [
    {
      name: 'service-users-of-the-first-listing-only',
      find: 'if (next !== null && !isFull && !isLate) continue;',
      replace: 'listing.next = null;',
      caughtBy: 'of as many listings as it takes for its service users',
    },
  ]),
];
