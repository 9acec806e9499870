import { withoutLinks } from '../aws/chat-text.ts';
import { plainText } from '../domain/plain-text.ts';
import type { Notice, Part } from './notice.ts';

/** A notice as plain text. What others wrote stays on its line and is no link. */
export function mailText({ facts, steps, subject }: Notice): string {
  const width = Math.max(...facts.map(({ label }) => label.length)) + 2;
  return [
    plainText(subject, 300),
    '',
    ...facts.map(({ label, parts }) => `${`${label}:`.padEnd(width)}${partsText(parts)}`),
    ...(steps.length > 0 ? ['', 'What to do now:'] : []),
    ...steps.map((parts, index) => `${index + 1}. ${partsText(parts)}`),
    '',
  ].join('\n');
}

function partsText(parts: readonly Part[]): string {
  return parts.map(partText).join(' ');
}

function partText(part: Part): string {
  switch (part.kind) {
    case 'words':
      return withoutLinks(plainText(part.text, 4_000));
    case 'code': {
      const text = plainText(part.text, 1_000);
      // An event is copied as it is.
      return text.startsWith('{"') ? text : withoutLinks(text);
    }
    case 'name':
      return `"${withoutLinks(plainText(part.text, 1_000).replaceAll('"', "'"))}"`;
    case 'link':
      return part.url;
    default:
      return part satisfies never;
  }
}
