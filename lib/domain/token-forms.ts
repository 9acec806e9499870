// What no name has by chance. The one place that knows what tokens look like: Devin's with or without their prefix, legacy
// keys, GitHub's, webhook secrets, JSON Web Tokens.
const SURE_FORMS = [
  // legacy keys
  'apk_(?:user_)?[A-Za-z0-9+/]{40,}={0,2}',
  // https://github.blog/engineering/behind-githubs-new-authentication-token-formats/
  'gh[opsur]_[A-Za-z0-9][\\w.-]{15,}',
  'github_pat_\\w{16,}',
  // Standard Webhooks
  'whsec_[\\w+/-]{16,}={0,2}',
  // the body of a Devin token without its prefix; a hash in hex is not of this alphabet alone. Only where a run begins,
  // since a run that is too short would be read again from each of its characters.
  '(?<![a-z2-7])[a-z2-7]{52,}',
  // `cog_` in base64 at each of the three offsets, and in hex
  '(?:Y29nX[w-z0-9+/_-]|NvZ1[89+/_-]|jb2df)[\\w+/-]{20,}={0,2}',
  // with the rest of the run, which would not begin there
  '(?:636f675f|636F675F)[0-9A-Fa-f]{32,}[a-z2-7]*',
];
/**
 * All of a JSON Web Token after its header, which is the match's first group. Found from the dot back, since every `eyJ`
 * may begin a header: read forward, each of them costs its whole length.
 */
export const AFTER_JWT_HEADER = /(?<=(eyJ[\w-]{8,512}))\.[\w-]{8,}\.[\w-]{8,}/g;

/** Tokens of any form in free text. */
export const IN_TEXT = /* @__PURE__ */ new RegExp(['cog_[\\w.~+/=-]{16,}', ...SURE_FORMS].join('|'), 'g');
// A repository may well be called cog_stable-diffusion-model.
const IN_NAME = new RegExp(['cog_[A-Za-z0-9]{16}', ...SURE_FORMS].join('|'));

/** Whether an identifier contains a token. It cannot be redacted without becoming another one, so it is refused. */
export function containsToken(name: string): boolean {
  return IN_NAME.test(name) || name.search(AFTER_JWT_HEADER) >= 0;
}
