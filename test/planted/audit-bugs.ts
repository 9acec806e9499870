import { bugsOf, type PlantedBug } from './planted-bug.ts';

/** The audit log, and what verifies it. */
export const AUDIT_BUGS: readonly PlantedBug[] = [
  ...bugsOf('cli/audit/verify/root-findings.ts', 'test/cli/audit/root-findings.test.ts', [
    {
      name: 'verify-does-not-compare-the-hash-of-the-digest-before',
      find: 'if (previous.sha256 !== sha256(before.bytes))',
      replace: 'if (false)',
      caughtBy: 'that follows another version of the digest before it is a break',
    },
    {
      name: 'verify-takes-any-signature',
      find: "if (by === undefined) return [broken(key, 'is not signed with the given key')];",
      replace: '',
      caughtBy: 'signed with a foreign key is a break',
    },
    {
      name: 'verify-does-not-miss-a-day',
      find: 'day !== nextDay(earlier.day) || ',
      replace: '',
      caughtBy: 'after a day without a digest is a break',
    },
    {
      name: 'verify-takes-a-late-digest',
      find: 'if (!isLate) return [];',
      replace: 'return [];',
      caughtBy: 'signed late is a break',
    },
  ]),
  ...bugsOf('lib/audit/digest/write-digests.ts', 'test/audit/digest/write-digests.test.ts', [
    {
      name: 'digest-is-signed-again-after-it-was-replaced',
      find: 'if (text === undefined) return undefined;',
      replace: 'if (text === undefined || (found.ok && readDigest(text) === undefined)) return undefined;',
      caughtBy: 'by "%s" is neither signed again nor followed',
    },
    {
      name: 'head-is-published-before-its-digest-is-stored',
      find: 'if (failure !== undefined) throw new DigestError(failure);',
      replace: '',
      caughtBy: 'between the look and the put is left alone, and nothing is published',
    },
  ]),
  ...bugsOf('lib/audit/digest/write-shards.ts', 'test/audit/digest/write-digests.test.ts', [
    {
      name: 'shard-that-was-replaced-is-listed-anew',
      find: 'if (last === undefined) throw',
      replace: 'if (last === undefined) return undefined;\nif (last === undefined) throw',
      caughtBy: 'in a shard is not listed anew',
    },
  ]),
  ...bugsOf('lib/audit/digest/write-shards.ts', 'test/audit/digest/write-shards.test.ts', [
    {
      name: 'deleted-object-is-no-anomaly',
      find: 'hash === null || ',
      replace: '',
      caughtBy: 'counts anomalies: %s',
    },
  ]),
  ...bugsOf('lib/audit/put-own.ts', 'test/audit/put-own.test.ts', [
    {
      name: 'what-another-run-wrote-is-ours',
      find: 'found.ok && found.text === text ? undefined',
      replace: 'found.ok ? undefined',
      caughtBy: 'stands in the way of another',
    },
  ]),
  ...bugsOf('lib/audit/redelivery.ts', 'test/audit/redelivery.test.ts', [
    {
      name: 'outcome-that-was-not-stored-is-lost',
      find: 'else if (unsaved.size < MAX_UNSAVED) unsaved.set(report_id, ended);',
      replace: '',
      caughtBy: 'is kept while the store does not take it, and forgotten when it is stored',
    },
  ]),
  ...bugsOf('lib/aws/write-once-bucket.ts', 'test/aws/write-once-bucket.test.ts', [
    {
      name: 'record-is-overwritten',
      find: "{ 'if-none-match': '*' }",
      replace: '{}',
      caughtBy: 'a record that is there stays as it is',
    },
    {
      name: 'record-that-cannot-be-read-does-not-exist',
      find: 'if (status === 404) return',
      replace: 'if (status !== 200) return',
      caughtBy: 'a record that cannot be read is not taken for missing',
    },
  ]),
  ...bugsOf('lib/domain/token.ts', 'test/domain/token.test.ts', [
    {
      name: 'fingerprint-without-its-key',
      find: "createHmac('sha256', this.#value).update('devin-key-revoker token fingerprint')",
      replace: "createHash('sha256').update('devin-key-revoker token fingerprint').update(this.#value)",
      caughtBy: 'is neither that of another token, nor a plain hash that is looked up in a table',
    },
    {
      name: 'part-of-a-token-is-printed',
      find: "  toString(): string {\n    return '[redacted]';",
      replace: '  toString(): string {\n    return this.#value.slice(0, 12);',
      caughtBy: 'is not printed by %s',
    },
    {
      name: 'tokens-are-compared-by-their-beginning',
      find: 'return timingSafeEqual(digest(this.#value), digest(other.#value));',
      replace: 'return this.#value.startsWith(other.#value);',
      caughtBy: 'equals one of the same text alone',
    },
  ]),
  ...bugsOf('lib/domain/redact.ts', 'test/domain/redact.test.ts', [
    {
      name: 'token-in-base64-goes-on-record',
      find: ', ...base64, ...base64url]',
      replace: ']',
      caughtBy: 'is redacted in a part of its base64',
    },
    {
      name: 'part-of-a-token-goes-on-record',
      find: 'const PART_LENGTH = 8;',
      replace: 'const PART_LENGTH = 12;',
      caughtBy: 'a known token > is redacted in part',
    },
  ]),
  ...bugsOf('lib/platform/log.ts', 'test/platform/log.test.ts', [
    {
      name: 'message-of-an-error-is-logged',
      find: 'return { error: error.name,',
      replace: 'return { error: error.message,',
      caughtBy: 'of an error its name and its code are logged, and nothing that may quote input',
    },
  ]),
];
