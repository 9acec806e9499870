import { AuditStoreError } from '../audit/read-earlier.ts';
import type { Devin } from '../clients/devin.ts';
import type { Key } from '../domain/key.ts';
import type { OutcomeDraft } from '../domain/outcome.ts';
import type { Token } from '../domain/token.ts';
import { probeToken } from '../identify/probe-token.ts';
import { believeEntry, type CompleteListing, type RegistryEntry } from '../identify/registry/entry.ts';
import type { Registry } from '../identify/registry/registry.ts';
import { devinWorld } from '../identify/tell-apart.ts';
import { tokenOwner } from '../identify/token-owner.ts';
import { decideEnrolment } from './decide-enrolment.ts';
import { type LeisureParts, tellApartAtLeisure } from './tell-apart-at-leisure.ts';

/** A token to be enrolled. */
export interface Subject {
  readonly token: Token;
  readonly source: Extract<RegistryEntry['source'], 'enrolled' | 'own'>;
  /** Where it was found, for people: a secret's name, say. */
  readonly origin: string;
}

/**
 * What came of a token. `known`: an entry stands. `enrolled`: it is new. `undecided`: a later run continues. `refused`: it is no
 * token that can be enrolled. `failed`: something did not work.
 */
export type Enrolment =
  | { readonly status: 'known' | 'enrolled'; readonly entry: RegistryEntry }
  | { readonly status: 'undecided'; readonly service_user_id: string; readonly reason: string }
  | { readonly status: 'refused' | 'failed'; readonly reason: string };

/** What a token needs before it can be enrolled. */
export type Begun =
  | { readonly status: 'ambiguous'; readonly service_user_id: string; readonly candidates: readonly string[] }
  | Enrolment;

export interface EnrollParts extends LeisureParts {
  readonly devin: Devin;
  /** Calls of Devin that use another token than this one. `undefined`: there is none. */
  lookerFor(token: Token): Devin | undefined;
  readonly registry: Registry;
  /** Puts on record that a person enrols a key. Without it, no person does. @throws {AuditStoreError} */
  readonly recordAct?: ((key: Key) => Promise<void>) | undefined;
  /** Nothing is noted, and no experiment is made. */
  readonly dryRun: boolean;
}

/** Enrols a token at once where its key is known already, or its service user has one active key. */
export async function beginEnrolment({ source, token }: Subject, parts: EnrollParts): Promise<Begun> {
  const { devin, registry } = parts;
  const retry = { deadline: Math.min(parts.deadline, Date.now() + 60_000) };
  const [{ probe, use }, standing] = await Promise.all([
    probeToken(devin, token, retry),
    registry.find(token),
  ]);
  const owner = tokenOwner(probe);
  if (owner.status === 'nobody') return { status: 'refused', reason: 'the token is dead (HTTP 401)' };
  if (owner.status === 'decided') return notOwned(owner.draft);
  const { service_user_id } = owner;
  const listing = await devin.listKeys(service_user_id, retry);
  if (!listing.ok) return { status: 'failed', reason: listing.reason };
  const shown = { service_user_id, keys: listing.keys };
  const decision = decideEnrolment(shown, standing, use);
  switch (decision.decision) {
    case 'known':
      return { status: 'known', entry: decision.entry };
    case 'name':
      return note(
        token,
        newEntry(source, { service_user_id, api_key_id: decision.api_key_id }),
        shown,
        parts,
      );
    case 'experiment':
      return { status: 'ambiguous', service_user_id, candidates: decision.candidates };
    case 'wait':
      return { status: 'undecided', service_user_id, reason: decision.reason };
    case 'contradiction':
      return { status: 'failed', reason: decision.reason };
    default:
      return decision satisfies never;
  }
}

/** Enrols a token whose service user has several active keys, by the experiment. */
export async function finishEnrolment(
  { source, token }: Subject,
  { candidates, service_user_id }: Extract<Begun, { status: 'ambiguous' }>,
  parts: EnrollParts,
): Promise<Enrolment> {
  const undecided = (reason: string): Enrolment => ({ status: 'undecided', service_user_id, reason });
  if (parts.dryRun) return undecided(`dry run: ${candidates.length} keys would be told apart`);
  const looker = parts.lookerFor(token);
  if (looker === undefined) {
    return undecided('the keys of the only admin token cannot be told apart: add a standby token');
  }
  const ambiguous = { service_user_id, candidates, fingerprint: token.fingerprint() };
  const told = await tellApartAtLeisure(ambiguous, devinWorld(looker, service_user_id, token), parts);
  switch (told.status) {
    case 'found':
      return confirm(
        token,
        newEntry(source, { service_user_id, api_key_id: told.api_key_id }, told.experiment),
        parts,
      );
    case 'undecided':
      return undecided(told.reason);
    case 'dead':
      return { status: 'refused', reason: 'the token died meanwhile (HTTP 401)' };
    default:
      return told satisfies never;
  }
}

/** The token still has to work, and the listing to show the key active, when the entry is noted. */
async function confirm(token: Token, entry: RegistryEntry, parts: EnrollParts): Promise<Enrolment> {
  const { service_user_id } = entry;
  const retry = { deadline: Date.now() + 30_000 };
  const owner = tokenOwner(await parts.devin.probe(token, retry));
  const listing = await parts.devin.listKeys(service_user_id, retry);
  if (owner.status !== 'service_user' || owner.service_user_id !== service_user_id || !listing.ok) {
    return { status: 'failed', reason: 'the key was found, and could not be confirmed' };
  }
  const shown = { service_user_id, keys: listing.keys };
  const belief = believeEntry(entry, shown);
  return belief.belief === 'believed'
    ? note(token, entry, shown, parts)
    : { status: 'failed', reason: `the key was found, and is not confirmed: ${belief.reason}` };
}

/** Stores an entry that the listing confirms. One that the listing contradicts makes room for it. */
async function note(
  token: Token,
  entry: RegistryEntry,
  listing: CompleteListing,
  { dryRun, recordAct, registry }: EnrollParts,
): Promise<Enrolment> {
  if (dryRun) return { status: 'undecided', service_user_id: entry.service_user_id, reason: 'dry run' };
  try {
    await recordAct?.(entry);
  } catch (error) {
    if (!(error instanceof AuditStoreError)) throw error;
    return { status: 'failed', reason: error.message };
  }
  const isStale = (standing: RegistryEntry) => believeEntry(standing, listing).belief === 'refused';
  const noted = await registry.note(token, entry, { isStale });
  return noted === 'failed'
    ? { status: 'failed', reason: 'the registry did not take the entry' }
    : { status: noted === 'stored' ? 'enrolled' : 'known', entry };
}

function newEntry(
  source: Subject['source'],
  key: Key,
  experiment?: RegistryEntry['experiment'],
): RegistryEntry {
  return {
    version: 1,
    ...key,
    confidence: 'high',
    source,
    method: experiment === undefined ? 'only_active_key' : 'experiment',
    noted_at: Date.now(),
    ...(experiment && { experiment }),
  };
}

/** A token that is no service user's, or of which Devin does not say whose it is. */
function notOwned(draft: OutcomeDraft): Enrolment {
  switch (draft.status) {
    case 'failed':
      return { status: 'failed', reason: draft.reason };
    case 'escalated':
      return { status: 'refused', reason: draft.reason };
    default:
      return { status: 'refused', reason: `the token ended as ${draft.status}` };
  }
}
