import type { Invariant } from './invariants.ts';
import type { LeakKind, Plan } from './plan.ts';
import type { RealmSources } from './realm-build.ts';
import type { World, WorldHooks } from './world.ts';

/** A defect that the invariants have to notice within some hundred seeds. */
export interface PlantedDefect {
  readonly name: string;
  /** Those that may notice it. */
  readonly noticedBy: readonly Invariant[];
  /** What every world has that is played, so that it is noticed soon. */
  readonly plan?: Partial<Plan>;
  /** In the worker's code: what is replaced by what. */
  readonly code?: readonly [from: string | RegExp, to: string];
  /** In the world. */
  readonly mutate?: WorldHooks['mutate'];
}

const CALM: Plan['rates'] = { devin: 0, github: 0, s3: 0, secrets: 0, sqs: 0, sns: 0, kms: 0 };
const leaking = (kind: LeakKind) => ({ leaks: [{ kind, at: 0 }], faultsEnd: 600_000, dryRun: false });

export const PLANTED_DEFECTS: readonly PlantedDefect[] = [
  {
    name: 'a report that is not done is acknowledged',
    noticedBy: ['what is acknowledged is on record'],
    code: [/return \{ batchItemFailures: failures\d*\.flat\([^\n]*/, 'return { batchItemFailures: [] };'],
  },
  {
    name: 'the intent is dropped',
    noticedBy: ['an intent precedes each DELETE'],
    code: ['const stored = await trail.intent(key);', 'const stored = { result: "stored" };'],
  },
  {
    name: 'a revocation is claimed without a DELETE of ours',
    plan: leaking('a key that somebody else revokes meanwhile'),
    noticedBy: ['an outcome is true'],
    code: ['return isOurs ? { status: "revoked"', 'return true ? { status: "revoked"'],
  },
  {
    name: 'an alert is closed whatever became of its token',
    noticedBy: ['no alert of a live token is closed', 'an outcome is true', 'a dry run changes nothing'],
    code: [
      'if (draft.status !== "revoked" && draft.status !== "already_revoked") return draft;',
      'draft = { proof: { at: 0, method: "token" }, evidence: "none", ...draft };',
    ],
  },
  {
    name: 'a dry run is not one',
    noticedBy: ['a dry run changes nothing'],
    code: ['dryRun: config.DRY_RUN || report.dry_run === true,', 'dryRun: false,'],
  },
  {
    name: 'the first of several keys is taken for the leaked one',
    noticedBy: ['only a leaked key is deleted', 'an outcome is true'],
    code: [
      '{ choice: "ambiguous", candidates: [...active, ...ended] }',
      '{ choice: "key", entry: active.at(-1) }',
    ],
  },
  {
    name: 'a listing that broke off counts as whole',
    plan: { ...leaking('an alert of a key among others'), listingFaultRate: 0.5, ambiguousKey: 'escalate' },
    noticedBy: ['only a leaked key is deleted', 'an outcome is true'],
    code: ['typeof total === "number" && items.size < total ?', 'false ?'],
  },
  {
    name: 'a token is dead without a control',
    plan: { ...leaking('an alert'), lockout: { from: 0, to: 60_000 } },
    noticedBy: ['an outcome is true', 'no alert of a live token is closed'],
    code: ['needsControl ? answered(', 'false ? answered('],
  },
  {
    name: 'a token is written to the log',
    noticedBy: ['no token is disclosed'],
    code: [
      'log("info", "identified", { report_id,',
      'log("info", "identified", { token: target.token?.reveal(),',
    ],
  },
  {
    name: 'the deadline of the invocation does not count',
    plan: { ...leaking('an alert'), outage: { service: 'devin', from: 0, to: 600_000 } },
    noticedBy: ['no invocation runs into its time-out'],
    code: ['const deadline = end - RESERVE_MS;', 'const deadline = end + 9e5;'],
  },
  {
    name: 'any answer of 200 counts as the closure of an alert',
    plan: { ...leaking('an alert'), rates: { ...CALM, github: 0.3 } },
    noticedBy: ['an outcome is true'],
    code: ['if (readAlert(response.body)?.state !== "resolved") return undocumented;', ''],
  },
  {
    name: 'our standby key is a candidate when our admin token leaked',
    plan: { ...leaking('our own admin token'), hasStandby: true, ambiguousKey: 'revoke_all' },
    noticedBy: ['only a leaked key is deleted'],
    code: ['owned.ownership !== "other"', 'owned.ownership === "sibling"'],
  },
  {
    name: 'the queue loses messages',
    noticedBy: ['every report settles', 'every alert settles'],
    mutate: ({ backlog, leaks }: World) => {
      for (const queue of [leaks, backlog]) {
        const send = queue.send.bind(queue);
        queue.send = (body, delayMs) => {
          const message = send(body, delayMs);
          queue.waiting.delete(message.id);
          return message;
        };
      }
    },
  },
  {
    name: 'a DELETE takes effect twice',
    noticedBy: ['a key is deleted once'],
    mutate: ({ ledger }: World) => {
      const onEffect = ledger.onEffect.bind(ledger);
      ledger.onEffect = (call, answer, fate) => {
        onEffect(call, answer, fate);
        if (call.operation === 'revokeServiceUserApiKey') onEffect(call, answer, fate);
      };
    },
  },
];

/** @throws {Error} when the code that a defect replaces is not there any more */
export function plant({ code, name }: PlantedDefect, sources: RealmSources): RealmSources {
  if (code === undefined) return sources;
  const [from, to] = code;
  const revoke = sources.functions.revoke.replace(from, () => to);
  if (revoke === sources.functions.revoke) throw new Error(`"${name}" is planted in code that is not there`);
  return { ...sources, functions: { ...sources.functions, revoke } };
}
