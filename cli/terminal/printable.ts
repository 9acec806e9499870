/**
 * Text of one line, with every control and format character written out: a name with a line feed, an escape sequence or
 * a bidirectional override must not forge a line or move the cursor.
 */
export function printable(text: string): string {
  return text.replace(HIDDEN, (character) => SHORT[character] ?? codePoint(character));
}

/** JSON of a value. `JSON.stringify` leaves the controls from U+007F on as they are; here they are escaped too. */
export function printableJson(value: unknown): string {
  return JSON.stringify(value, null, 2).replace(HIDDEN, (characters) =>
    characters === '\n' ? characters : escaped(characters),
  );
}

/** Control (Cc), format (Cf: bidirectional overrides, joiners), and the separators of lines and paragraphs. */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function codePoint(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}

/** As JSON escapes: in UTF-16 code units. */
function escaped(character: string): string {
  return Array.from({ length: character.length }, (_, at) => character.charCodeAt(at))
    .map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`)
    .join('');
}
