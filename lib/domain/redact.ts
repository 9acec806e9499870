import type { Token } from './token.ts';
import { AFTER_JWT_HEADER, containsToken, IN_TEXT } from './token-forms.ts';

const REDACTED = '[redacted]';

/** Shorter parts of a known token say nothing about it. */
const PART_LENGTH = 8;

/**
 * Free text with every token replaced by `[redacted]`: those whose form is known (token-forms.ts) and those of the report.
 *
 * @param known tokens whose parts of 8 characters or more are replaced too, as they are or in base64, hex or URL encoding
 */
export function redact(text: string, known: readonly Token[] = []): string {
  const parts = known.reduce((rest, token) => redactParts(rest, token.reveal().trim()), text);
  return redactWebTokens(parts).replace(IN_TEXT, REDACTED);
}

/** Characters of somebody's text that are looked at; a token at the cut is far behind what is kept. */
export const LOOK_AT = 4_096;

/** The first characters of a text that may be long, redacted. */
export function redactStart(text: string, length: number): string {
  return redact(text.slice(0, LOOK_AT)).slice(0, length);
}

function redactWebTokens(text: string): string {
  let result = '';
  let end = 0;
  for (const { 0: rest, 1: header = '', index } of text.matchAll(AFTER_JWT_HEADER)) {
    result += text.slice(end, Math.max(end, index - header.length)) + REDACTED;
    end = index + rest.length;
  }
  return result + text.slice(end);
}

/** Whether an identifier contains any token, or a part of 8 characters or more of a known one. */
export function quotesToken(name: string, known: readonly Token[]): boolean {
  const secrets = known.map((token) => token.reveal().trim()).filter(({ length }) => length >= PART_LENGTH);
  return containsToken(name) || secrets.some((secret) => redactParts(name, secret) !== name);
}

/** Replaces every stretch of the text that consists of parts of the secret. */
function redactParts(text: string, secret: string): string {
  if (secret === '') return text;
  const length = Math.min(PART_LENGTH, secret.length);
  const parts = new Set(encodings(secret).flatMap((encoded) => partsOf(encoded, length)));
  let result = '';
  let end = -1;
  for (let at = 0; at + length <= text.length; at++) {
    if (!parts.has(text.slice(at, at + length))) continue;
    if (at > end) result += text.slice(Math.max(end, 0), at) + REDACTED;
    end = at + length;
  }
  return result + text.slice(Math.max(end, 0));
}

function encodings(secret: string): string[] {
  const bytes = Buffer.from(secret);
  const hex = bytes.toString('hex');
  // Base64 depends on where in its group of three bytes the secret begins.
  const base64 = [0, 1, 2].map((offset) => {
    const text = Buffer.concat([Buffer.alloc(offset), bytes])
      .toString('base64')
      .replace(/(?<!=)=+$/, '');
    return text.slice(offset === 0 ? 0 : offset + 1, (offset + bytes.length) % 3 === 0 ? undefined : -1);
  });
  const base64url = base64.map((text) => text.replaceAll('+', '-').replaceAll('/', '_'));
  return [secret, encodeURIComponent(secret.toWellFormed()), hex, hex.toUpperCase(), ...base64, ...base64url];
}

function partsOf(text: string, length: number): string[] {
  return Array.from({ length: Math.max(0, text.length - length + 1) }, (_, at) =>
    text.slice(at, at + length),
  );
}
