import * as z from 'zod/mini';

/** What a scanner found, and where. All but the scanner is the report's own text, which may be anything. */
export interface Finding {
  readonly scanner: 'gitleaks' | 'betterleaks' | 'trufflehog' | 'kingfisher';
  readonly rule: string;
  /** The texts in which the secret stands. */
  readonly secrets: readonly string[];
  readonly file?: string | undefined;
  readonly line?: number | undefined;
  readonly commit?: string | undefined;
  readonly link?: string | undefined;
}

/** What a value of a report is. `aside`: a summary or a line of the scanner's log. */
export type Entry =
  | { readonly kind: 'finding'; readonly finding: Finding }
  | { readonly kind: 'aside' }
  | { readonly kind: 'unknown' };

// What is not needed to find a leak may be missing, or of another type.
const text = z.catch(z.optional(z.string()), undefined);
const number = z.catch(z.optional(z.int()), undefined);
const group = <T extends z.core.$ZodLooseShape>(shape: T) => z.catch(z.optional(z.object(shape)), undefined);

// https://github.com/gitleaks/gitleaks, report/finding.go; betterleaks 1 writes the same.
const Gitleaks = z.object({
  RuleID: z.string(),
  Secret: z.string(),
  Match: text,
  File: text,
  StartLine: number,
  Commit: text,
  Link: text,
});
// betterleaks 2, as its `--output` writes it.
const Betterleaks = z.object({
  rule_id: z.string(),
  match: z.object({ value: z.string(), full: text }),
  location: group({ path: text, start_line: number }),
  attributes: z.catch(z.optional(z.record(z.string(), z.unknown())), undefined),
});
// https://github.com/trufflesecurity/trufflehog, pkg/output/json.go. `Data` has one key, the kind of the source.
const Trufflehog = z.object({
  DetectorName: z.string(),
  Raw: z.string(),
  RawV2: text,
  ExtraData: group({ name: text }),
  SourceMetadata: group({
    Data: z.catch(
      z.optional(z.record(z.string(), z.object({ file: text, line: number, commit: text, link: text }))),
      undefined,
    ),
  }),
});
// https://github.com/mongodb/kingfisher, `--format json` and `jsonl`.
const Kingfisher = z.object({
  rule: z.object({ id: z.string() }),
  finding: z.object({
    snippet: z.string(),
    path: text,
    line: number,
    git_metadata: group({ commit: group({ id: text }), file: group({ path: text, url: text }) }),
  }),
});

/** The summaries of kingfisher and betterleaks, and the log of TruffleHog when both its outputs go into one file. */
const ASIDE = [
  z.object({ audit: z.object({}) }),
  z.object({ findings: z.number(), rules_applied: z.number() }),
  z.object({ schema_version: z.string(), scan: z.object({}) }),
  z.object({ level: z.string(), msg: z.string() }),
];

const List = z.object({ findings: z.array(z.unknown()) });
const Single = z.object({ schema_version: z.string(), finding: z.unknown() });

/** The entries of a report's value: a list of findings, an object that holds one, or a line of its own. */
export function entriesOf(value: unknown): Entry[] {
  if (Array.isArray(value)) return value.map(entryOf);
  const list = z.safeParse(List, value);
  return list.success ? list.data.findings.map(entryOf) : [entryOf(value)];
}

/** Tells the scanners apart by the shape of what they write. */
function entryOf(value: unknown): Entry {
  const finding = findingOf(z.safeParse(Single, value).data?.finding ?? value);
  if (finding !== undefined) return { kind: 'finding', finding };
  return { kind: ASIDE.some((shape) => z.safeParse(shape, value).success) ? 'aside' : 'unknown' };
}

function findingOf(value: unknown): Finding | undefined {
  return gitleaks(value) ?? betterleaks(value) ?? trufflehog(value) ?? kingfisher(value);
}

function gitleaks(value: unknown): Finding | undefined {
  const { data } = z.safeParse(Gitleaks, value);
  if (data === undefined) return undefined;
  const { Commit: commit, File: file, Link: link, Match = '', RuleID: rule, Secret, StartLine: line } = data;
  return { scanner: 'gitleaks', rule, secrets: [Secret, Match], file, line, commit, link };
}

function betterleaks(value: unknown): Finding | undefined {
  const { data } = z.safeParse(Betterleaks, value);
  if (data === undefined) return undefined;
  const { attributes, location, match, rule_id: rule } = data;
  const commit = z.safeParse(z.string(), attributes?.['git.sha']).data;
  const secrets = [match.value, match.full ?? ''];
  return { scanner: 'betterleaks', rule, secrets, file: location?.path, line: location?.start_line, commit };
}

function trufflehog(value: unknown): Finding | undefined {
  const { data } = z.safeParse(Trufflehog, value);
  if (data === undefined) return undefined;
  const [place] = Object.values(data.SourceMetadata?.Data ?? {});
  const rule = data.ExtraData?.name ?? data.DetectorName;
  return { scanner: 'trufflehog', rule, secrets: [data.Raw, data.RawV2 ?? ''], ...place };
}

function kingfisher(value: unknown): Finding | undefined {
  const { data } = z.safeParse(Kingfisher, value);
  if (data === undefined) return undefined;
  const { git_metadata: git, line, path, snippet } = data.finding;
  const [commit, link] = [git?.commit?.id, git?.file?.url];
  return { scanner: 'kingfisher', rule: data.rule.id, secrets: [snippet], file: path, line, commit, link };
}
