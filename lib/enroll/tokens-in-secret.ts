import { findTokens } from '../domain/find-tokens.ts';
import type { Token } from '../domain/token.ts';

/** How deep the values of a secret are searched. */
const MOST_LEVELS = 8;

/**
 * The Devin tokens that a secret holds, each once: the secret as a whole, anywhere in its text, or in the values of JSON at
 * any level, since an application's secret often holds its settings.
 */
export function tokensInSecret(value: string): readonly Token[] {
  const tokens = new Map<string, Token>();
  for (const text of textsOf(value)) {
    const found = findTokens(text);
    if (found.kind !== 'tokens') continue;
    for (const token of found.tokens) tokens.set(token.fingerprint(), token);
  }
  return [...tokens.values()];
}

/** The text itself and its words, unless it is JSON: then those of the texts in it. */
function textsOf(value: string): readonly string[] {
  const json = jsonValue(value);
  const texts = json === undefined ? [value] : stringsIn(json, MOST_LEVELS);
  return texts.flatMap((text) => [text, ...text.trim().split(/\s+/)]);
}

/** @returns `undefined` when it is not a JSON object, array or string */
function jsonValue(text: string): unknown {
  if (!/^\s*[[{"]/.test(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function stringsIn(value: unknown, levels: number): readonly string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null || levels === 0) return [];
  return Object.values(value).flatMap((inner) => stringsIn(inner, levels - 1));
}
