import { createHash } from 'node:crypto';

// Put together here, so that no scanner takes this file for a leak. Scanners pass over what is not random enough.
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';
const made = (seed: string) =>
  [
    'cog',
    [...createHash('sha512').update(seed).digest().subarray(0, 52)]
      .map((byte) => ALPHABET[byte % 32])
      .join(''),
  ].join('_');
export const token = made('one');
export const otherToken = made('other');
const base64 = (text: string) => Buffer.from(text).toString('base64');
const hex = '0123456789abcdef'.repeat(2);
export const userKey = ['apk', 'user', base64(`user-${hex}_org-${hex}:${hex}`)].join('_');
export const orgKey = ['apk', base64(`org-${hex}:${hex}`)].join('_');

/** Texts, and the keys that a detector finds in them. */
export const withKeys: readonly [title: string, text: string, keys: readonly string[]][] = [
  ['a key alone', token, [token]],
  ['an assignment', `DEVIN_API_KEY=${token}\n`, [token]],
  ['quotes', `key: "${token}"`, [token]],
  ['a header', `Authorization: Bearer ${token}`, [token]],
  ['a URL', `https://host/?token=${token}&x=1`, [token]],
  ['a suffix', `${token}-prod`, [token]],
  ['a name before it', `DEVIN_${token}`, [token]],
  ['an upper-case suffix', `${token}PROD`, [token]],
  ['a line break that is escaped', `"A=1\\n${token}\\nB=2"`, [token]],
  ['two keys', `${token},${otherToken}`, [token, otherToken]],
  ['CSV', `name;${token};2026`, [token]],
];

/** Texts in which a detector finds none. */
export const withoutKeys: readonly [title: string, text: string][] = [
  ['the prefix', 'cog_model'],
  ['a name', 'cog_stable_diffusion_model_for_the_generation_of_images_2'],
  ['a key that lacks a character', token.slice(0, -1)],
  ['a key with one character more', `${token}a`],
  ['a key in upper case', token.toUpperCase()],
  ['a key with a digit that is not of its alphabet', `${token.slice(0, -1)}1`],
  ['a word that ends as the prefix does', `re${token}`],
  ['a legacy key', orgKey],
  ['a hash', hex.repeat(2)],
];
