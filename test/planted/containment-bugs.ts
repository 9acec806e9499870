import { bugsOf, type PlantedBug } from './planted-bug.ts';

const tests = (name: string): string => `test/containment/${name}.test.ts`;

/** The steps of one report: what is done, what counts as proof, and what is said. */
export const CONTAINMENT_BUGS: readonly PlantedBug[] = [
  ...bugsOf('lib/containment/prove-dead.ts', tests('proof-guards'), [
    {
      name: 'proof-of-a-token-ignores-the-time-of-the-invocation',
      find: 'const latest = startedAt + Math.max(0, deadline - Date.now());',
      replace: 'const latest = Number.POSITIVE_INFINITY;',
      caughtBy: 'that lives is not looked at beyond the time of the invocation',
    },
    {
      name: 'proof-by-the-listing-ignores-the-time-of-the-invocation',
      find: 'const end = Math.min(deadline, Date.now() + windowMs);',
      replace: 'const end = Date.now() + windowMs;',
      caughtBy: 'a key without a token > is not looked at beyond the time of the invocation',
    },
    {
      name: 'key-that-is-not-listed-is-dead',
      find: "if (entry === undefined) return { status: 'unproven', reason: 'the key listing does not show the key' };",
      replace:
        "if (entry === undefined) return { status: 'dead', proof: { method: 'listing', probes, at } };",
      caughtBy: 'is not proven dead by a listing without it',
    },
  ]),
  ...bugsOf('lib/containment/look-at-token.ts', tests('proof-guards'), [
    {
      name: 'proof-without-a-control-probe',
      find: 'needsControl ? answered((retry) => devin.probeAdmin(retry), end) : undefined,',
      replace: 'undefined,',
      caughtBy: 'is not proven dead while the admin token is answered 401 too',
    },
    {
      name: 'control-probe-without-an-answer-works',
      find: "control === undefined || control.probe.state === 'alive'",
      replace: "control === undefined || control.probe.state !== 'dead'",
      caughtBy: 'is not proven dead while the admin token gets no answer',
    },
    {
      name: 'probes-share-a-connection',
      find: 'devin.probe(token, retry, { ownConnection: true })',
      replace: 'devin.probe(token, retry)',
      caughtBy: 'is proven dead by three 401, each on a connection of its own beside a working admin token',
    },
    {
      name: 'answer-that-proves-nothing-is-a-death',
      find: "case 'unknown':\n      return { sentAt, status: 'unproven',",
      replace: "case 'unknown':\n      return { sentAt, status: 'dead',",
      caughtBy: 'is not proven dead by answers that prove nothing',
    },
    {
      name: 'no-answer-costs-a-proof-the-looks-that-it-has',
      find: "if (probe.state !== 'unknown' || !probe.isTransient) return { probe, sentAt };",
      replace: 'return { probe, sentAt };',
      caughtBy: 'is proven dead although no answer between others is asked for again',
    },
    {
      name: 'late-answer-counts-from-the-first-request',
      find: 'for (let attempt = 1; ; attempt++) {\n    const sentAt = performance.now();',
      replace: 'const sentAt = performance.now();\n  for (let attempt = 1; ; attempt++) {',
      caughtBy: 'is not proven dead by three 401 of one moment, which were asked for one after the other',
    },
  ]),
  ...bugsOf('lib/containment/judge-probes.ts', tests('judge-probes'), [
    {
      name: 'two-401-are-a-proof',
      find: 'export const PROBES = 3;',
      replace: 'export const PROBES = 2;',
      caughtBy: 'two 401',
    },
    {
      name: 'answer-of-a-live-token-does-not-count-afresh',
      find: "sights.slice(sights.findLastIndex(({ status }) => status !== 'dead') + 1)",
      replace: "sights.filter(({ status }) => status === 'dead')",
      caughtBy: 'a live answer among many 401',
    },
    {
      name: 'token-that-was-seen-alive-is-proven-as-fast',
      find: 'const needed = wasAlive ? Math.max(SPREAD_MS, windowMs / 2) : SPREAD_MS;',
      replace: 'const needed = SPREAD_MS;',
      caughtBy: '401 for less than half of the window after it',
    },
  ]),
  ...bugsOf('lib/containment/claim-revocation.ts', tests('claim-revocation'), [
    {
      name: 'intent-alone-claims-a-revocation',
      find: 'if (listed === undefined) return false;',
      replace: 'if (listed === undefined) return deletions.length > 0;',
      caughtBy: 'the answer to one was lost, and no listing dates the revocation',
    },
    {
      name: 'refused-delete-claims-a-revocation',
      find: "(answer === 'unanswered' || lost_answer === true) &&",
      replace: '',
      caughtBy: 'a key that is dead: one was refused',
    },
    {
      name: 'revocation-before-the-delete-is-claimed',
      find: 'revokedAt >= sent_at - TOLERANCE_MS &&',
      replace: '',
      caughtBy: 'the answer to one was lost, and the key was revoked before',
    },
  ]),
  ...bugsOf('lib/containment/decide-outcome.ts', tests('decide-outcome'), [
    {
      name: 'accepted-delete-is-a-success-without-a-proof',
      find: "return { status: 'failed', ...key, reason, retryable: true };",
      replace:
        "return { status: 'revoked', ...key, proof: { method: 'token', probes: 0, at: 0 }, evidence: 'token_rejected' };",
      caughtBy: 'without a death nothing else makes it a success > %j',
    },
    {
      name: 'key-that-was-dead-before-is-revoked',
      find: 'return isOurs\n',
      replace: 'return true\n',
      caughtBy: 'a death that the %s proves is a success, whoever caused it',
    },
  ]),
  ...bugsOf('lib/containment/accept-delete.ts', tests('accept-delete'), [
    {
      name: 'unknown-key-of-a-live-token-is-not-found',
      find: 'tokenWorks\n',
      replace: 'false\n',
      caughtBy: 'a key that is absent while the token works is the wrong key',
    },
    {
      name: 'refused-delete-of-our-own-key-is-a-success',
      find: 'isOnlyAdmin && deleted.status === 401 && deleted.uncertain',
      replace: 'isOnlyAdmin && deleted.status === 401',
      caughtBy: 'a 401 to the first DELETE of our own key is a refusal',
    },
  ]),
  ...bugsOf('lib/containment/revoke-key.ts', tests('revoke-key'), [
    {
      name: '404-alone-is-a-success',
      find: "if (answer.answer !== 'not_found') return",
      replace:
        "if (answer.answer === 'not_found') return { result: 'absent' };\nif (answer.answer !== 'not_found') return",
      caughtBy: 'that is answered 404, of a key that is listed as active',
    },
    {
      name: 'delete-before-its-mark',
      find: 'await trail.markDelete(key, sent_at);\n  const result = await deleteKey(devin, key, retry);',
      replace: 'const result = await deleteKey(devin, key, retry);\n  await trail.markDelete(key, sent_at);',
      caughtBy: 'a DELETE is marked before it is sent',
    },
    {
      name: 'delete-without-an-answer-is-refused',
      find: 'return result.status === undefined\n',
      replace: 'return false\n',
      caughtBy: 'a DELETE > that is not answered',
    },
    {
      name: 'ids-are-swapped',
      find: 'const answer = await devin.revokeKey(key, retry);',
      replace:
        'const answer = await devin.revokeKey({ service_user_id: key.api_key_id, api_key_id: key.service_user_id }, retry);',
      caughtBy: 'a DELETE is marked before it is sent',
    },
  ]),
  ...bugsOf('lib/containment/record-intent.ts', tests('record-intent'), [
    {
      name: 'intent-is-not-stored',
      find: 'const stored = await trail.intent(key);',
      replace: "const stored = { result: 'stored' };",
      caughtBy: 'nothing is revoked without a stored intent for a run by %s',
    },
    {
      name: 'sweep-acts-without-a-stored-intent',
      find: "if (report.invoked_by === 'console' || report.invoked_by === 'schedule') {",
      replace: "if (report.invoked_by === 'console') {",
      caughtBy: 'nothing is revoked without a stored intent for a run by schedule',
    },
    {
      name: 'second-outcome-beside-the-first',
      find: 'if (found?.outcome !== undefined)',
      replace: 'if (false)',
      caughtBy: 'an outcome of an earlier delivery stands',
    },
  ]),
  ...bugsOf('lib/containment/settle-batch.ts', tests('settle-batch'), [
    {
      name: 'report-is-acknowledged-early',
      find: 'if (isDone) return [];',
      replace: 'return [];',
      caughtBy: 'a batch names what is not done, and brings it back soon',
    },
    {
      name: 'message-that-cannot-be-read-is-dropped',
      find: "log('error', 'message is not a leak report', fields);\n      return { isDone: false };",
      replace: 'return { isDone: true };',
      caughtBy: 'a batch names what is not done, and brings it back soon',
    },
  ]),
  ...bugsOf('lib/containment/remember-key.ts', tests('remember-key'), [
    {
      name: 'token-that-was-dead-on-arrival-names-its-key',
      find: " || evidence === 'dead_on_arrival'",
      replace: '',
      caughtBy: 'a token that was dead on arrival is not remembered',
    },
  ]),
  ...bugsOf('lib/containment/contain.ts', 'test/handlers/rehearsal.test.ts', [
    {
      name: 'rehearsal-deletes',
      find: 'if (deps.dryRun) {\n    const { foreseeRevocation }',
      replace: 'if (false) {\n    const { foreseeRevocation }',
      caughtBy: 'of an EventBridge event by token changes nothing upstream',
    },
    {
      name: 'rehearsal-takes-the-place-of-the-outcome',
      find: 'return recordOutcome({ ...rehearsal({ draft, revoked }, alert), report_id }, trail);',
      replace: 'return recordOutcome({ ...draft, report_id }, trail);',
      caughtBy: 'of what a person must decide does not take the place of the outcome',
    },
  ]),
  ...bugsOf('handlers/revoke.ts', 'test/handlers/rehearsal.test.ts', [
    {
      name: 'worker-ignores-that-a-report-is-a-rehearsal',
      find: 'config.DRY_RUN || report.dry_run === true',
      replace: 'config.DRY_RUN',
      caughtBy: 'of an EventBridge event by ids changes nothing upstream',
    },
  ]),
];
