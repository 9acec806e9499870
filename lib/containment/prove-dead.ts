import type { Devin } from '../clients/devin.ts';
import type { ApiKey } from '../clients/devin-shapes.ts';
import type { Proof } from '../domain/outcome-facts.ts';
import type { Token } from '../domain/token.ts';
import { sleep } from '../platform/retry.ts';
import { clockOffset } from './claim-revocation.ts';
import { judgeProbes, PROBES, type ProbeSight, SPACING_MS } from './judge-probes.ts';
import { lookAtToken, once } from './look-at-token.ts';

/** `unproven`: neither dead nor alive could be shown. */
export type ProofResult =
  | {
      readonly status: 'dead';
      readonly proof: Proof;
      /** The key's entry, when the listing is the proof. */
      readonly entry?: ApiKey;
      /** How far the API's clock was ahead of ours at that listing, milliseconds. */
      readonly clockOffsetMs?: number;
    }
  | {
      readonly status: 'alive';
      readonly reason: string;
      /** Other probes were answered 401: the token is dying, or nodes of the API disagree. */
      readonly isMixed: boolean;
    }
  | {
      readonly status: 'unproven';
      readonly reason: string;
      /** The admin token itself is answered 401. */
      readonly isAdminRefused?: boolean;
    };

export interface ProofOptions {
  /** Milliseconds that a revocation may take to show. */
  readonly windowMs: number;
  /** Epoch milliseconds after which no probe starts. */
  readonly deadline: number;
  /**
   * Whether the admin token has to work while the leaked one is answered 401. Only our own key, revoked by itself, has
   * no admin token left to show that the API still accepts any token; its DELETE was answered a moment before.
   */
  readonly control: boolean;
  /** Ends with the first answer that shows the token alive: nobody revoked it yet, so there is nothing to wait for. */
  readonly untilAlive?: boolean;
}

/** Whose death is to be proven. Without a token, the listing of the key has to do. */
export interface ProofSubject {
  readonly service_user_id: string;
  readonly api_key_id?: string;
  readonly token?: Token | undefined;
}

/**
 * Proves that a key no longer authenticates: its token is answered 401 three times in a row, each on a connection of its
 * own while the admin token works, or, without a token, the key listing shows it inactive. Looks again until the window
 * closes, since a revocation may take a while to show, and beyond it while the answers are 401 but too few
 * (judge-probes.ts).
 */
export async function proveDead(
  devin: Devin,
  { api_key_id, service_user_id, token }: ProofSubject,
  options: ProofOptions,
): Promise<ProofResult> {
  return token === undefined
    ? proveByListing(devin, service_user_id, api_key_id, options)
    : proveTokenDead(devin, token, options);
}

/** The same for a token whose owner need not be known. */
export async function proveTokenDead(
  devin: Devin,
  token: Token,
  { control, deadline, untilAlive = false, windowMs }: ProofOptions,
): Promise<ProofResult> {
  const startedAt = performance.now();
  const latest = startedAt + Math.max(0, deadline - Date.now());
  const end = Math.min(latest, startedAt + windowMs);
  const look = () =>
    lookAtToken(devin, token, { needsControl: control, end: Math.min(deadline, Date.now() + windowMs) });
  const sights = await lookAtOnce(look);
  for (;;) {
    const verdict = judgeProbes(sights, windowMs);
    if (verdict.verdict === 'dead') return proven(sights, verdict.spreadMs);
    if (untilAlive && sights.some(({ status }) => status === 'alive')) return summary(sights);
    const until = Math.min(latest, Math.max(end, verdict.until ?? end));
    const left = until - performance.now();
    if (left <= 0) return summary(sights);
    // A timer may fire up to a millisecond early, and the row would then be too short by as much.
    await sleep(Math.ceil(Math.min(left, pauseAfter(sights))) + 1);
    sights.push(await look());
  }
}

/** Milliseconds between further probes. */
const PACE_MS = 350;
const MAX_PAUSE_MS = 4_000;

/** An API that gives no answer is asked less and less often. */
function pauseAfter(sights: readonly ProbeSight[]): number {
  const failures = sights.length - 1 - sights.findLastIndex(({ status }) => status !== 'unproven');
  return failures === 0 ? PACE_MS : Math.min(MAX_PAUSE_MS, SPACING_MS * failures);
}

/** The first probes overlap, so that in the good case they take little longer than one. */
async function lookAtOnce(look: () => Promise<ProbeSight>): Promise<ProbeSight[]> {
  let differs = false;
  const sights = await Promise.all(
    Array.from({ length: PROBES }, async (_, index) => {
      if (index > 0) await sleep(index * SPACING_MS);
      if (differs) return [];
      const sight = await look();
      differs ||= sight.status !== 'dead';
      return [sight];
    }),
  );
  // One that waited was sent after those that did not.
  return sights.flat().sort((one, other) => one.sentAt - other.sentAt);
}

function proven(sights: readonly ProbeSight[], spreadMs: number): ProofResult {
  const proof = {
    method: 'token',
    probes: sights.length,
    spread_ms: Math.round(spreadMs),
    at: Date.now(),
  } as const;
  return { status: 'dead', proof };
}

/** Why the token is not proven dead: what shows it alive, else the last answer that proves nothing. */
function summary(sights: readonly ProbeSight[]): ProofResult {
  const others = sights.flatMap((sight) => (sight.status === 'dead' ? [] : [sight]));
  const alive = others.findLast(({ status }) => status === 'alive');
  if (alive !== undefined) {
    return { status: 'alive', reason: alive.reason, isMixed: others.length < sights.length };
  }
  const reason = 'the token is answered 401, though not often enough for a proof';
  return { status: 'unproven', reason: others.at(-1)?.reason ?? reason };
}

async function proveByListing(
  devin: Devin,
  serviceUserId: string,
  apiKeyId: string | undefined,
  { deadline, windowMs }: ProofOptions,
): Promise<ProofResult> {
  const end = Math.min(deadline, Date.now() + windowMs);
  for (let probes = 1; ; probes++) {
    const seen = await lookAtListing(devin, serviceUserId, apiKeyId, end, probes);
    const pause = Math.min(MAX_PAUSE_MS, 125 * 2 ** probes);
    if (seen.status === 'dead' || Date.now() + pause > end) return seen;
    await sleep(pause);
  }
}

async function lookAtListing(
  devin: Devin,
  serviceUserId: string,
  apiKeyId: string | undefined,
  end: number,
  probes: number,
): Promise<ProofResult> {
  const listing = await devin.listKeys(serviceUserId, once(end));
  const at = Date.now();
  if (!listing.ok) {
    const isAdminRefused = listing.status === 401;
    return {
      status: 'unproven',
      reason: `the key listing proves nothing: ${listing.reason}`,
      isAdminRefused,
    };
  }
  const entry = listing.keys.find(({ api_key_id }) => api_key_id === apiKeyId);
  if (entry === undefined) return { status: 'unproven', reason: 'the key listing does not show the key' };
  if (!entry.is_active) {
    const clockOffsetMs = clockOffset(listing.apiSecond, at);
    return { status: 'dead', proof: { method: 'listing', probes, at }, entry, clockOffsetMs };
  }
  const reason = 'the key listing still shows the key active after the proof window';
  return { status: 'alive', reason, isMixed: false };
}
