import { devinToken, Token } from './token.ts';

/** Whom a legacy key says it belongs to. Empty when the key does not decode. */
export interface LegacyOwner {
  /** `user-<hex>`; absent from an organisation's key. */
  readonly user_id?: string;
  /** `org-<hex>` */
  readonly org_id?: string;
}

/** What a secret holds. `legacy` beside tokens lists the legacy keys of the same secret, which only a person can revoke. */
export type FoundTokens =
  | {
      readonly kind: 'tokens';
      readonly tokens: readonly [Token, ...Token[]];
      readonly legacy: readonly LegacyOwner[];
    }
  | { readonly kind: 'legacy'; readonly owners: readonly [LegacyOwner, ...LegacyOwner[]] }
  | { readonly kind: 'none' };

const BODY_LENGTH = 52;
/** Longer than any token; `devinToken` has the same limit. */
const MAX_BODY_LENGTH = 1_024;

// The public form is `cog_[a-z2-7]{52}` (scanner rule devin-service-user-token). The lookahead consumes the prefix alone,
// so that a token which begins within the run of another one is found too. No run contains `_`, so each character is
// read once and the time is linear.
const PUBLIC_FORM = /cog_(?=([a-z2-7]{52,})(_?))/g;

// Keys of API v1 and v2: base64 of `user-<hex>_org-<hex>:<hex>` or `org-<hex>:<hex>`. There is no boundary after them: what
// follows does not change the owner, who is named at the beginning.
const LEGACY_FORM = /apk_(?:user_([A-Za-z0-9+/]{120,180})|([A-Za-z0-9+/]{80,100}))={0,2}/g;
const LEGACY_OWNER = /^(?:(user-[0-9a-f]{1,64})_)?(org-[0-9a-f]{1,64}):/;

/**
 * Finds the Devin tokens in a secret, which a scanner's pattern may have cut too wide (`DEVIN_API_KEY=cog_…`, quotes,
 * several lines). Every token of the public form is returned once, in order. A secret that contains none is a token if
 * it is one as a whole.
 *
 * A run of more than 52 characters can be read in two ways, as a token with something behind it or as a longer token.
 * Both readings are returned: the secret is dead only when all of them are.
 */
export function findTokens(secret: string): FoundTokens {
  const tokens = [...new Set(publicForms(secret))].map((value) => new Token(value));
  const whole = devinToken(secret);
  const legacy = legacyOwners(secret);
  const [first, ...rest] = tokens.length === 0 && whole !== undefined ? [whole] : tokens;
  if (first !== undefined) return { kind: 'tokens', tokens: [first, ...rest], legacy };
  const [owner, ...others] = legacy;
  return owner === undefined ? { kind: 'none' } : { kind: 'legacy', owners: [owner, ...others] };
}

function* publicForms(text: string): Iterable<string> {
  for (const [prefix, run = '', underscore] of text.matchAll(PUBLIC_FORM)) {
    yield prefix + run.slice(0, BODY_LENGTH);
    // `cog` at the end of a run may be the prefix of the next token.
    const longer = underscore === '_' && run.endsWith('cog') ? run.slice(0, -'cog'.length) : run;
    if (longer.length > BODY_LENGTH && longer.length <= MAX_BODY_LENGTH) yield prefix + longer;
  }
}

/** Each owner once. */
function legacyOwners(text: string): LegacyOwner[] {
  const owners = new Map<string, LegacyOwner>();
  for (const [, ofUser, ofOrganisation] of text.matchAll(LEGACY_FORM)) {
    const decoded = Buffer.from(ofUser ?? ofOrganisation ?? '', 'base64').toString('latin1');
    const [, user_id, org_id] = LEGACY_OWNER.exec(decoded) ?? [];
    owners.set(`${user_id} ${org_id}`, {
      ...(user_id !== undefined && { user_id }),
      ...(org_id !== undefined && { org_id }),
    });
  }
  return [...owners.values()];
}
