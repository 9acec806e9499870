import { chatBlock, chatProse } from './chat-text.ts';

/** What a chat shows: markdown, with everything of others escaped (chat-text.ts). */
export interface ChatContent {
  readonly description: string;
  readonly nextSteps?: readonly string[];
  readonly keywords?: readonly string[];
}

export interface ChatOptions {
  /** Messages of the same thread are shown as one, when the channel allows it. */
  readonly thread?: string | undefined;
  /** The same for a message that is sent twice. */
  readonly id?: string | undefined;
  /** Without it, the text itself is shown, as it is. */
  readonly chat?: ChatContent | undefined;
}

const MAX_TITLE = 250;
const MAX_DESCRIPTION = 8_000;

/**
 * A message as Amazon Q Developer in chat applications shows it in Slack and Teams: custom notification schema 1.0.
 * https://docs.aws.amazon.com/chatbot/latest/adminguide/custom-notifs.html
 */
export function chatNotification(title: string, text: string, { chat, id, thread }: ChatOptions): string {
  const { description, keywords, nextSteps } = chat ?? {
    description: chatBlock(text, MAX_DESCRIPTION - 100),
  };
  return JSON.stringify({
    version: '1.0',
    source: 'custom',
    ...(id !== undefined && { id }),
    content: {
      textType: 'client-markdown',
      title: chatProse(title).slice(0, MAX_TITLE),
      description: description.slice(0, MAX_DESCRIPTION),
      ...(nextSteps && nextSteps.length > 0 && { nextSteps }),
      ...(keywords && { keywords }),
    },
    metadata: {
      ...(thread !== undefined && { threadId: thread }),
      summary: chatProse(title).slice(0, MAX_TITLE),
    },
  });
}
