/** `words` are ours and may quote others; `code` is to be copied: an id, an event; a `name` was chosen by others. */
export type Part =
  | { readonly kind: 'words'; readonly text: string }
  | { readonly kind: 'code'; readonly text: string }
  | { readonly kind: 'name'; readonly text: string }
  | { readonly kind: 'link'; readonly url: string };

export interface Fact {
  readonly label: string;
  readonly parts: readonly Part[];
}

/** The message about the end of a report, before it is written for mail or chat. */
export interface Notice {
  readonly subject: string;
  /** In the order of what is asked first. */
  readonly facts: readonly Fact[];
  /** What a person has to do now, in order. */
  readonly steps: readonly (readonly Part[])[];
  /** The same for all messages about a leak. */
  readonly thread: string;
  /** The same for a message that is sent twice. */
  readonly id: string;
}

export function words(text: string): Part {
  return { kind: 'words', text };
}

export function code(text: string): Part {
  return { kind: 'code', text };
}

export function name(text: string): Part {
  return { kind: 'name', text };
}

/** @param url of ours: it is shown as it is */
export function link(url: string): Part {
  return { kind: 'link', url };
}
