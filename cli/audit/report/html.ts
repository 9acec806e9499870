/** Markup that is safe to be put into a page. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** What a template takes: text is escaped, markup is not, lists are joined, and nothing is left out. */
export type Part = Html | string | number | undefined | readonly Part[];

/** A template of markup: html`<p>${text}</p>`. Every text in it is escaped, for content and for quoted attributes. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  const rendered = parts.map(render);
  return new Html(strings.reduce((all, text, at) => all + (rendered[at - 1] ?? '') + text));
}

function render(part: Part): string {
  if (part === undefined) return '';
  if (part instanceof Html) return part.text;
  if (typeof part === 'object') return part.map(render).join('');
  return String(part).replace(SPECIAL, (character) => ENTITIES[character] ?? '\ufffd');
}

/** Controls but for the tab and the line feed have no place in HTML; overrides of the direction could forge a text. */
const SPECIAL = /[&<>"'`]|[^\P{Cc}\t\n]|[\u202a-\u202e\u2066-\u2069]/gu;
const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  '`': '&#96;',
};
