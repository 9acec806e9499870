import type { Invariant } from './invariants.ts';
import type { LeakKind, Plan } from './plan.ts';
import type { FunctionName, RealmSources } from './realm-build.ts';
import { sweeping } from './sweeping.ts';
import type { World, WorldHooks } from './world.ts';

/** A defect that the invariants have to notice within some hundred seeds. */
export interface PlantedDefect {
  readonly name: string;
  /** Those that may notice it. */
  readonly noticedBy: readonly Invariant[];
  /** What every world has that is played, so that it is noticed soon. */
  readonly plan?: Partial<Plan>;
  /** In the code of a function, the worker's unless another is named: what is replaced by what. */
  readonly in?: FunctionName;
  readonly code?: readonly [from: string | RegExp, to: string];
  /** In the world. */
  readonly mutate?: WorldHooks['mutate'];
}

const CALM: Plan['rates'] = { devin: 0, github: 0, s3: 0, secrets: 0, sqs: 0, sns: 0, kms: 0 };
const STOP = { moment: 'queued', after: 0, lasts: 600_000, again: false } as const;
const leaking = (kind: LeakKind) => ({
  leaks: [{ kind, at: 0 }],
  faultsEnd: 600_000,
  dryRun: false,
  sweep: undefined,
});

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
    name: 'a sweep ignores the exemptions',
    plan: sweeping({ exemptions: 3 }),
    noticedBy: ['a sweep deletes only what is due'],
    in: 'sweep-keys',
    code: [/namesOf\(key, owner\)\.some\(\(\w+\) => policy\.exempt\.includes\(\w+\)\)/, 'false'],
  },
  {
    name: 'a sweep ignores its cap',
    plan: sweeping({ maxRevocations: 3 }),
    noticedBy: ['a sweep stays within its limits'],
    in: 'sweep-keys',
    code: ['if (!(revoke <= caps.maxRevocations))', 'if (false)'],
  },
  {
    name: 'a sweep enforces in report mode',
    plan: sweeping({ mode: 'report' }),
    noticedBy: ['a sweep stays within its limits'],
    in: 'sweep-keys',
    code: ['if (mode === "report") return "report";', ''],
  },
  {
    name: 'a sweep takes a listing that broke off for whole',
    plan: { ...sweeping(), listingFaultRate: 0.5 },
    noticedBy: ['a sweep stays within its limits'],
    in: 'sweep-keys',
    code: ['typeof total === "number" && items.size < total ?', 'false ?'],
  },
  {
    name: 'a key is not looked at again before its DELETE',
    plan: sweeping({ changeRate: 1 }),
    noticedBy: ['a sweep deletes only what is due'],
    code: ['if (!isUsed && !isRenewed) return', 'return'],
  },
  {
    name: 'the worker does not read whether sweeps are stopped',
    plan: sweeping({ stop: STOP }),
    noticedBy: ['a stopped sweep does nothing'],
    code: [
      'const [found, own, notDue] =',
      'stop = { read: async () => ({ state: "running" }) }; const [found, own, notDue] =',
    ],
  },
  {
    name: 'a sweep that was stopped counts as carried out',
    plan: sweeping({ stop: STOP }),
    noticedBy: ['every sweep ends'],
    in: 'sweep-keys',
    code: ['return isStopped ? void 0 : acted;', 'return acted;'],
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
export function plant(
  { code, in: where = 'revoke', name }: PlantedDefect,
  sources: RealmSources,
): RealmSources {
  if (code === undefined) return sources;
  const [from, to] = code;
  const before = sources.functions[where];
  const after = before.replace(from, () => to);
  if (after === before) throw new Error(`"${name}" is planted in code that is not there`);
  return { ...sources, functions: { ...sources.functions, [where]: after } };
}
