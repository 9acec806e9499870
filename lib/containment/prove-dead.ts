import type { Devin } from '../clients/devin.ts';
import type { Proof } from '../domain/outcome.ts';
import type { Token } from '../domain/token.ts';
import { sleep } from '../platform/retry.ts';

/** `unproven`: neither dead nor alive could be shown. */
export type ProofResult =
  | { readonly status: 'dead'; readonly proof: Proof }
  | { readonly status: 'alive' | 'unproven'; readonly reason: string };

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
}

/** Whose death is to be proven. Without a token, the listing of the key has to do. */
export interface ProofSubject {
  readonly service_user_id: string;
  readonly api_key_id?: string;
  readonly token?: Token | undefined;
}

/**
 * Proves that a key no longer authenticates: its token is answered 401 while the admin token still works, or, without
 * a token, the key listing shows it inactive. Looks again with backoff until the window closes, since a revocation may
 * take a while to show. Anything but a 401 proves nothing.
 */
export async function proveDead(
  devin: Devin,
  { api_key_id, service_user_id, token }: ProofSubject,
  { control, deadline, windowMs }: ProofOptions,
): Promise<ProofResult> {
  const end = Math.min(deadline, Date.now() + windowMs);
  for (let probes = 1; ; probes++) {
    const seen =
      token === undefined
        ? await lookAtListing(devin, service_user_id, api_key_id, end)
        : await useToken(devin, token, control, end);
    if (seen.status === 'dead')
      return { status: 'dead', proof: { method: seen.method, probes, at: Date.now() } };
    const pause = Math.min(4_000, 125 * 2 ** probes);
    if (Date.now() + pause > end) return seen;
    await sleep(pause);
  }
}

type Sight =
  | { readonly status: 'dead'; readonly method: Proof['method'] }
  | { readonly status: 'alive' | 'unproven'; readonly reason: string };

async function useToken(devin: Devin, token: Token, needsControl: boolean, end: number): Promise<Sight> {
  const [probe, control] = await Promise.all([
    devin.probe(token, once(end)),
    needsControl ? devin.probeAdmin(once(end)) : undefined,
  ]);
  switch (probe.state) {
    case 'alive':
      return { status: 'alive', reason: 'the token still authenticates after the proof window' };
    case 'unknown':
      return { status: 'unproven', reason: `the token's probe proves nothing: ${probe.reason}` };
    case 'dead':
      // An API that answers 401 to everybody proves nothing of this token.
      return control === undefined || control.state === 'alive'
        ? { status: 'dead', method: 'token' }
        : {
            status: 'unproven',
            reason: 'the token is answered 401, but so is the admin token, or it gets no answer',
          };
    default:
      return probe satisfies never;
  }
}

async function lookAtListing(
  devin: Devin,
  serviceUserId: string,
  apiKeyId: string | undefined,
  end: number,
): Promise<Sight> {
  const listing = await devin.listKeys(serviceUserId, once(end));
  if (!listing.ok) {
    return { status: 'unproven', reason: `the key listing proves nothing: ${listing.reason}` };
  }
  const entry = listing.keys.find(({ api_key_id }) => api_key_id === apiKeyId);
  if (entry === undefined) return { status: 'unproven', reason: 'the key listing does not show the key' };
  return entry.is_active
    ? { status: 'alive', reason: 'the key listing still shows the key active after the proof window' }
    : { status: 'dead', method: 'listing' };
}

/** One attempt; the loop above is the retry. A probe gets 3 s even at the very end of the window. */
function once(end: number): { deadline: number; attempts: number; timeoutMs: number } {
  return { deadline: Math.max(end, Date.now() + 3_000), attempts: 1, timeoutMs: 3_000 };
}
