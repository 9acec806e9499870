import type { ChatContent } from '../aws/chat-notification.ts';
import { chatCode, chatProse } from '../aws/chat-text.ts';
import type { Notice, Part } from './notice.ts';

/** The same facts for a chat. A single asterisk is bold in Slack and italic in Teams. */
export function chatContent({ facts, steps }: Notice): ChatContent {
  return {
    description: facts.map(({ label, parts }) => `*${label}:* ${partsText(parts)}`).join('\n'),
    nextSteps: steps.slice(0, 10).map(partsText),
    keywords: ['devin-key-revoker'],
  };
}

function partsText(parts: readonly Part[]): string {
  return parts.map(partText).join(' ');
}

function partText(part: Part): string {
  switch (part.kind) {
    case 'words':
      return chatProse(part.text);
    case 'code':
    case 'name':
      return chatCode(part.text);
    case 'link':
      return part.url;
    default:
      return part satisfies never;
  }
}
