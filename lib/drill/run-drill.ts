import type { AuditStore } from '../aws/write-once-bucket.ts';
import type { Devin } from '../clients/devin.ts';
import type { MadeKey } from '../clients/make-key.ts';
import { proveTokenDead } from '../containment/prove-dead.ts';
import { DRILL_CALLER, DRILL_KEY } from '../domain/drill.ts';
import type { Proof } from '../domain/outcome-facts.ts';
import { iso } from '../domain/time.ts';
import type { Token } from '../domain/token.ts';
import type { LeakItem, PostAnswer } from '../intake/post-leaks.ts';
import { log } from '../platform/log.ts';
import { judgeDrill } from './judge-drill.ts';
import { type EndedRecord, type FollowedReport, followReport, intentTime } from './read-report.ts';

/** A step, and the milliseconds since the leak was sent. */
export interface DrillStep {
  readonly step:
    | 'leak sent'
    | 'leak accepted'
    | 'intent recorded'
    | 'DELETE sent'
    | 'proven dead'
    | 'outcome recorded'
    | 'seen dead by the drill';
  readonly at: string;
  readonly ms: number;
}

/** What a drill answers. It holds no token. */
export interface DrillResult {
  /** `late`: all went well, and took longer than the limit. `skipped`: nothing was done. */
  readonly status: 'passed' | 'late' | 'failed' | 'skipped';
  readonly drill_id: string;
  readonly service_user_id: string;
  readonly api_key_id?: string;
  readonly report_id?: string;
  readonly problems: readonly string[];
  /** From the leak to the proof. */
  readonly seconds?: number;
  readonly limit_seconds: number;
  readonly steps: readonly DrillStep[];
  readonly outcome?: EndedRecord['unmapped'];
  /** The drill's own proof, beside that of the outcome. */
  readonly proof?: Proof;
}

export interface DrillDeps {
  readonly devin: Devin;
  /** The service users of our own tokens; `undefined` when they are not known. */
  readonly own: () => Promise<readonly string[] | undefined>;
  readonly make: (name: string, expiresAt: number) => Promise<MadeKey>;
  readonly leak: (item: LeakItem) => Promise<PostAnswer>;
  readonly records: Pick<AuditStore, 'get'>;
  readonly limitSeconds: number;
  /** Epoch milliseconds by which the drill has to answer. */
  readonly deadline: number;
}

/** Seconds for which a key lives that nobody revokes. */
const LIFETIME = 3_600;
/** Milliseconds in which the drill's own proof has to succeed, once the outcome says that the token is dead. */
const PROOF_WINDOW_MS = 5_000;

/** A key that was made and leaked, and the report of it. Epoch milliseconds. */
interface Leaked {
  readonly ok: true;
  readonly api_key_id: string;
  readonly token: Token;
  readonly report: FollowedReport;
  readonly leakedAt: number;
  readonly steps: readonly DrillStep[];
}
interface NotLeaked {
  readonly ok: false;
  readonly problem: string;
  readonly api_key_id?: string;
}

/**
 * Makes a throwaway key, leaks it to ourselves by the way of any detector, and follows it to its outcome. It touches no
 * other key: the service user must have none that is active, so that nothing but the drill's key can be named.
 */
export async function runDrill(
  service_user_id: string,
  drill_id: string,
  deps: DrillDeps,
): Promise<DrillResult> {
  const about = { drill_id, service_user_id, limit_seconds: deps.limitSeconds };
  const unfit = await whyUnfit(service_user_id, deps);
  const leaked: Leaked | NotLeaked =
    unfit === undefined ? await leakNewKey(service_user_id, drill_id, deps) : { ok: false, problem: unfit };
  if (leaked.ok) return { ...about, ...(await followToDeath(service_user_id, leaked, deps)) };
  const { api_key_id, problem } = leaked;
  return { ...about, status: 'failed', problems: [problem], steps: [], ...(api_key_id && { api_key_id }) };
}

async function leakNewKey(
  service_user_id: string,
  drill_id: string,
  { leak, make }: DrillDeps,
): Promise<Leaked | NotLeaked> {
  const made = await make(`${DRILL_KEY}${drill_id}`, Math.floor(Date.now() / 1_000) + LIFETIME);
  if (!made.ok) {
    return { ok: false, problem: `no key was made: ${made.reason}${made.mayExist ? `; ${LEFTOVER}` : ''}` };
  }
  const { api_key_id, token } = made;
  log('info', 'drill key made', { drill_id, service_user_id, api_key_id });
  const leakedAt = Date.now();
  const { items, sentAt } = await leak({ token, source: DRILL_CALLER, note: `drill ${drill_id}, no leak` });
  const [item = { accepted: false, reason: 'no answer' }] = items;
  if (!item.accepted) {
    return { ok: false, problem: `the leak was not taken: ${item.reason}; ${LEFTOVER}`, api_key_id };
  }
  const report = { report_id: item.report_id, reported_at: sentAt };
  log('info', 'drill leak accepted', { drill_id, report_id: report.report_id });
  const steps = timeline(leakedAt, [
    ['leak sent', leakedAt],
    ['leak accepted', Date.now()],
  ]);
  return { ok: true, api_key_id, token, report, leakedAt, steps };
}

async function followToDeath(
  service_user_id: string,
  { api_key_id, leakedAt, report, steps, token }: Leaked,
  { deadline, devin, limitSeconds, records }: DrillDeps,
): Promise<Omit<DrillResult, 'drill_id' | 'service_user_id' | 'limit_seconds'>> {
  const ended = await followReport(records, report, deadline - 2 * PROOF_WINDOW_MS);
  const intentAt = await intentTime(records, report, deadline);
  const { alive, proof } = await ownProof(devin, token, deadline);
  const outcome = ended?.unmapped;
  const provenAt = outcome?.proof?.at;
  const seconds = provenAt === undefined ? undefined : Math.max(0, provenAt - leakedAt) / 1_000;
  const key = { service_user_id, api_key_id };
  return {
    ...judgeDrill({ key, outcome, alive, seconds, limitSeconds }),
    api_key_id,
    report_id: report.report_id,
    ...(seconds !== undefined && { seconds }),
    steps: [
      ...steps,
      ...timeline(leakedAt, [
        ['intent recorded', intentAt],
        ...(outcome?.deletions ?? []).map(({ sent_at }) => ['DELETE sent', sent_at] as const),
        ['proven dead', provenAt],
        ['outcome recorded', ended?.time],
        ['seen dead by the drill', proof?.at],
      ]),
    ],
    ...(outcome !== undefined && { outcome }),
    ...(proof !== undefined && { proof }),
  };
}

const LEFTOVER = 'its key expires within the hour';

/** Why a service user is not one for drills. Fails closed: what is not known is a reason. */
async function whyUnfit(
  service_user_id: string,
  { deadline, devin, own }: DrillDeps,
): Promise<string | undefined> {
  const retry = { deadline: Math.min(deadline, Date.now() + 30_000) };
  const ownUsers = await own();
  if (ownUsers === undefined) return 'it is not known which service users are those of this software';
  if (ownUsers.includes(service_user_id))
    return 'the service user is one of this software: its keys are not for drills';
  const listing = await devin.listKeys(service_user_id, retry);
  if (!listing.ok) return `the keys of the service user cannot be listed: ${listing.reason}`;
  const active = listing.keys.filter(({ is_active }) => is_active).map(({ api_key_id }) => api_key_id);
  return active.length === 0
    ? undefined
    : `the service user has active keys (${active.join(', ')}): a drill needs one without any. A key of an earlier drill expires within the hour`;
}

/** The drill sees for itself that the token is dead, whatever the record says. */
async function ownProof(
  devin: Devin,
  token: Token,
  deadline: number,
): Promise<{ readonly proof?: Proof; readonly alive: string | undefined }> {
  const result = await proveTokenDead(devin, token, { windowMs: PROOF_WINDOW_MS, deadline, control: true });
  return result.status === 'dead' ? { proof: result.proof, alive: undefined } : { alive: result.reason };
}

function timeline(
  from: number,
  steps: readonly (readonly [DrillStep['step'], number | undefined])[],
): DrillStep[] {
  return steps.flatMap(([step, at]) => (at === undefined ? [] : [{ step, at: iso(at), ms: at - from }]));
}
