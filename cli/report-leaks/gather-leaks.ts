import { findTokens } from '../../lib/domain/find-tokens.ts';
import { redact } from '../../lib/domain/redact.ts';
import { Token } from '../../lib/domain/token.ts';
import { entriesOf, type Finding } from './finding.ts';
import type { Values } from './read-values.ts';

/** Where a leak stands. None of its texts holds a token. */
export interface Place {
  readonly scanner: Finding['scanner'];
  readonly rule: string;
  readonly file?: string;
  readonly line?: number;
  readonly commit?: string;
  readonly link?: string;
}

/** One secret, and all the places at which it was found. */
export interface FoundLeak {
  readonly token: Token;
  readonly places: readonly [Place, ...Place[]];
}

/** What a report says of Devin's keys. */
export interface Gathered {
  readonly leaks: readonly FoundLeak[];
  /** Findings of a rule for Devin's keys without the key itself: the scanner redacted it. */
  readonly redacted: readonly Place[];
  /** Findings of all kinds, other secrets included. */
  readonly findings: number;
  /** Entries of a shape that no known scanner writes, and lines that are not JSON. */
  readonly unreadable: number;
}

/** Picks the tokens out of the findings. A secret that was found at several places is one leak. */
export function gatherLeaks({ broken, values }: Values): Gathered {
  const leaks = new Map<string, { token: Token; places: [Place, ...Place[]] }>();
  const redacted: Place[] = [];
  let findings = 0;
  let unreadable = broken;
  for (const entry of values.flatMap(entriesOf)) {
    switch (entry.kind) {
      case 'finding': {
        findings += 1;
        const tokens = tokensOf(entry.finding);
        const place = placeOf(entry.finding, tokens);
        for (const token of tokens) {
          const known = leaks.get(token.reveal());
          if (known === undefined) leaks.set(token.reveal(), { token, places: [place] });
          else known.places.push(place);
        }
        if (tokens.length === 0 && /devin/i.test(entry.finding.rule)) redacted.push(place);
        break;
      }
      case 'aside':
        break;
      case 'unknown':
        unreadable += 1;
        break;
      default:
        entry satisfies never;
    }
  }
  return { leaks: [...leaks.values()], redacted, findings, unreadable };
}

/** What is left of a token by a partial redaction is none: it would be taken for a key that is dead already. */
function hasPublicForm(token: Token): boolean {
  return /^cog_[a-z2-7]{52,}$/.test(token.reveal());
}

/** The tokens of a finding. A legacy key is reported as it was found: its owner is read from it. */
function tokensOf({ secrets }: Finding): Token[] {
  const found = secrets.flatMap((secret) => {
    const tokens = findTokens(secret);
    switch (tokens.kind) {
      case 'tokens':
        return tokens.tokens.filter(hasPublicForm);
      case 'legacy':
        return [new Token(secret.trim())];
      case 'none':
        return [];
      default:
        return tokens satisfies never;
    }
  });
  return [...new Map(found.map((token) => [token.reveal(), token])).values()];
}

function placeOf(finding: Finding, tokens: readonly Token[]): Place {
  const clean = (text: string, length: number) => redact(text, tokens).slice(0, length);
  const { commit, file, line, link, rule, scanner } = finding;
  return {
    scanner,
    rule: clean(rule, 100),
    ...(file && { file: clean(file, 1_000) }),
    ...(line !== undefined && { line }),
    ...(commit && { commit: clean(commit, 64) }),
    ...(link && { link: clean(link, 2_000) }),
  };
}
