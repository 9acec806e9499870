import { LOOK_AT, redact } from './redact.ts';
import { containsToken } from './token-forms.ts';

/** A text that somebody else wrote, as one line of at most `length` characters without tokens and control characters. */
export function plainText(text: string, length: number): string {
  const line = redact(
    text
      .slice(0, LOOK_AT)
      .toWellFormed()
      .replace(/[\p{C}\p{Z}]+/gu, ' '),
  ).trim();
  const characters = [...line];
  return characters.length <= length ? line : `${characters.slice(0, length - 1).join('')}…`;
}

/** A link as it may be shown: https, without credentials, query and fragment. `undefined` for any other text. */
export function plainUrl(text: string | null | undefined): string | undefined {
  const url = URL.parse((text ?? '').slice(0, LOOK_AT));
  if (url?.protocol !== 'https:' || url.username !== '' || url.password !== '') return undefined;
  const link = `${url.origin}${url.pathname}`;
  return link.length > 300 || containsToken(link) ? undefined : link;
}

/** An id as it may be recorded; `undefined` for a text of another form, or one that holds a token. */
export function plainId(text: unknown): string | undefined {
  return typeof text === 'string' && /^[A-Za-z0-9._~@|:-]{1,160}$/.test(text) && !isToken(text)
    ? text
    : undefined;
}

function isToken(text: string): boolean {
  return text.includes('cog_') || containsToken(text);
}
