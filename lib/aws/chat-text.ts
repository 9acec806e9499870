import { plainText } from '../domain/plain-text.ts';

// Text of others for a chat: Slack and Teams read markdown, mentions and links in it, and have no escape in common. So
// what they would read is replaced by what looks alike and means nothing.

/** Breaks a link or a mention without being seen: U+200B. */
const BREAK = '\u200b';
const LOOKALIKES: Readonly<Record<string, string>> = {
  '*': '∗',
  '~': '∼',
  '`': "'",
  '[': '⁅',
  ']': '⁆',
  '|': '¦',
};
/** An event to paste: one JSON object with at most one inside. */
const EVENT = /\{"(?:[^{}]|\{[^{}]*\})*\}/g;

/** An id, a name or an event, to be copied: in a code span, where nothing but `<…>` means anything. */
export function chatCode(text: string, length = 1_000): string {
  return `\`${escapeEntities(plainText(text, length).replaceAll('`', "'"))}\``;
}

/** Lines as they are, in a code block. */
export function chatBlock(text: string, length: number): string {
  const lines = text.split('\n').map((line) => line.replace(/[\p{C}]/gu, ' '));
  const escaped = escapeEntities(lines.join('\n').replaceAll('`', "'"));
  return `\`\`\`\n${escaped.length <= length ? escaped : `${cut(escaped, length)}…`}\n\`\`\``;
}

/** A sentence of ours that may quote others. Events in it are shown as code. */
export function chatProse(text: string): string {
  const line = plainText(text, 4_000);
  const shown: string[] = [];
  let from = 0;
  for (const { 0: event, index } of line.matchAll(EVENT)) {
    shown.push(neutral(line.slice(from, index)), chatCode(event));
    from = index + event.length;
  }
  return [...shown, neutral(line.slice(from))].join('');
}

/** Words that no mail client and no chat takes for a link. */
export function withoutLinks(text: string): string {
  return text.replace(/:(?=\/\/)|(?<=\p{L})\.(?=\p{L})/gu, `$&${BREAK}`);
}

function neutral(text: string): string {
  const plain = withoutLinks(text)
    .replace(/[*~`[\]|]/g, (character) => LOOKALIKES[character] ?? '')
    .replace(/(?<!\w)_|_(?!\w)/g, '＿')
    .replaceAll('@', `@${BREAK}`);
  return escapeEntities(plain);
}

/** Slack reads `<!channel>`, `<@U…>` and `<url|text>`, in code too. https://docs.slack.dev/messaging/formatting-message-text */
function escapeEntities(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** Never within an entity. */
function cut(escaped: string, length: number): string {
  return escaped.slice(0, length).replace(/&\w{0,3}$/, '');
}
