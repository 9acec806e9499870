/** What an SNS publish held: to mail and everybody else, and to a chat. */
export interface Published {
  readonly subject: string;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: a message of another service's schema
  readonly chat: any;
}

/** Reads the body of a Publish request. */
export function readPublished(body: Buffer | string): Published {
  const fields = new URLSearchParams(body.toString());
  const message = JSON.parse(fields.get('Message') ?? '');
  return { subject: fields.get('Subject') ?? '', text: message.default, chat: JSON.parse(message.https) };
}
