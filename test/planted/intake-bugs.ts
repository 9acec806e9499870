import { bugsOf, type PlantedBug } from './planted-bug.ts';

const tests = (name: string): string => `test/intake/${name}.test.ts`;

/** What comes in: signatures, events, requests. */
export const INTAKE_BUGS: readonly PlantedBug[] = [
  ...bugsOf('lib/intake/event.ts', tests('event'), [
    {
      name: 'dry-run-of-an-eventbridge-event-is-ignored',
      find: "return { kind: 'eventbridge', report: readRequest(detail, origin) };",
      replace:
        "const { dry_run, ...report } = readRequest(detail, origin);\nreturn { kind: 'eventbridge', report };",
      caughtBy: 'of EventBridge says whether it is a dry run: %s',
    },
  ]),
  ...bugsOf('lib/intake/read-message.ts', tests('event'), [
    {
      name: 'dry-run-of-a-message-is-ignored',
      find: 'const { caller: invoker, reason, ...rest } = report;',
      replace: 'const { caller: invoker, reason, dry_run, ...rest } = report;',
      caughtBy: 'of SQS says whether it is a dry run: %s',
    },
    {
      name: 'message-with-a-token-for-a-name-is-taken',
      find: '|| namesOf(report).some((name) => containsToken(name))',
      replace: '',
      caughtBy: 'that holds a token as repository is no report',
    },
  ]),
  ...bugsOf('lib/intake/request.ts', tests('request'), [
    {
      name: 'misspelt-dry-run-is-taken',
      find: 'const Request = z.strictObject({',
      replace: 'const Request = z.object({',
      caughtBy: 'every field that is wrong by itself is named',
    },
    {
      name: 'token-in-the-place-of-an-id-is-taken',
      find: 'wrong.push(...combination(value), ...tokensInNames(value, secrets));',
      replace: 'wrong.push(...combination(value));',
      caughtBy: 'a token without its prefix is refused as the name of anything',
    },
    {
      name: 'reason-quotes-the-token',
      find: 'reason: redact(reason, secrets)',
      replace: 'reason',
      caughtBy: 'has no part of the token that it reports in its reason: %s',
    },
  ]),
  ...bugsOf('lib/intake/signature.ts', tests('signature'), [
    {
      name: 'signature-that-begins-right-is-right',
      find: 'given.length === expected.length && timingSafeEqual(given, expected)',
      replace: 'expected.subarray(0, given.length).equals(given)',
      caughtBy: 'refuses a signature that was cut',
    },
    {
      name: 'empty-secret-signs',
      find: "if (secret.trim() === '') throw new TypeError('the webhook secret is empty');",
      replace: '',
      caughtBy: 'throws for a secret that is empty',
    },
  ]),
  ...bugsOf('lib/intake/github-webhook.ts', tests('github-webhook'), [
    {
      name: 'report-of-a-redelivery-has-another-id',
      find: 'alertReportId(ref, action, reported_at)',
      replace: 'alertReportId(ref, action, now)',
      caughtBy: 'is the same for the same body, however late it comes',
    },
    {
      name: 'reopened-alert-is-ignored',
      find: "'reopened', ",
      replace: '',
      caughtBy: 'of the action reopened is a report',
    },
    {
      name: 'webhook-forgets-the-dry-run',
      find: '...(dryRun && { dry_run: true }),',
      replace: '',
      caughtBy: 'in a dry run is a report that says so',
    },
  ]),
  ...bugsOf('lib/intake/webhook-secrets.ts', tests('webhook-secrets'), [
    {
      name: 'previous-webhook-secret-is-refused',
      find: "if (check(previous)) return { kind: 'accepted' };",
      replace: '',
      caughtBy: 'signed with the current or the previous secret is accepted, as by Octokit with its fallback',
    },
    {
      name: 'empty-webhook-secret-is-tried',
      find: "secret !== '' && check(secret)",
      replace: 'check(secret)',
      caughtBy: 'none that is empty',
    },
  ]),
  ...bugsOf('lib/intake/standard-signature.ts', tests('standard-signature'), [
    {
      name: 'old-message-of-a-detector-is-taken-again',
      find: 'return Math.abs(Math.floor(now / 1_000) - Number(timestamp)) <= TOLERANCE_SECONDS;',
      replace: 'return Math.floor(now / 1_000) + TOLERANCE_SECONDS >= Number(timestamp);',
      caughtBy: 'of %d is timely: %s',
    },
  ]),
  ...bugsOf('lib/intake/sealed-token.ts', tests('sealed-token'), [
    {
      name: 'sealed-token-is-opened-without-its-report',
      find: '.setAAD(Buffer.from(report_id))\n      .setAuthTag',
      replace: '.setAuthTag',
      caughtBy: 'is opened for its report, under its id as the context of the key',
    },
    {
      name: 'sealed-token-is-not-bound-to-its-report',
      find: 'const opened = await key.decrypt(data_key ?? ciphertext, { report_id }, deadline);',
      replace: 'const opened = await key.decrypt(data_key ?? ciphertext, {}, deadline);',
      caughtBy: 'is opened for its report, under its id as the context of the key',
    },
  ]),
];
