import type { GitHubPatterns, NewPattern, Pattern } from '../../lib/clients/github-patterns.ts';
import { type Finding, limited, missing, ok, unknown } from './finding.ts';

/** As in docs/detectors/github-custom-pattern.md, to which a test holds it. */
export const DEVIN_PATTERN: NewPattern = {
  name: 'Devin API key',
  pattern: 'cog_[a-z2-7]{52}',
  start_delimiter: '\\A|[^0-9A-Za-z]|\\\\[nrt]',
  end_delimiter: '\\z|[^a-z2-7]',
};

export interface OrgPatternOptions {
  readonly org: string;
  /** The secret types that the functions take for Devin keys. */
  readonly secretTypes: readonly string[];
  readonly isCheck: boolean;
  /** Epoch milliseconds. */
  readonly deadline: number;
}

/** The organisation's custom pattern, created where there is none. Its dry run and publication are left to a person. */
export async function orgPattern(patterns: GitHubPatterns, options: OrgPatternOptions): Promise<Finding> {
  const { deadline, isCheck, org } = options;
  const check = `custom pattern of ${org}`;
  const retry = { deadline };
  const listed = await patterns.list(org, retry);
  if (listed.status !== 'answered') return unknown(check, listed.reason, byHand(listed.status));
  const judged = judgePatterns(listed.value, options);
  if (judged !== undefined) return judged;
  if (isCheck)
    return missing(
      check,
      'there is none for Devin keys',
      'run setup, or add it by hand: docs/detectors/github-custom-pattern.md',
    );
  const created = await patterns.create(org, DEVIN_PATTERN, retry);
  if (created.status !== 'answered') return unknown(check, created.reason, byHand(created.status));
  const again = await patterns.list(org, retry);
  const seen = again.status === 'answered' ? judgePatterns(again.value, options) : undefined;
  return seen ?? unknown(check, 'it was created, and is not listed yet');
}

/** @returns `undefined` when no pattern is for Devin keys */
export function judgePatterns(
  patterns: readonly Pattern[],
  { org, secretTypes }: Pick<OrgPatternOptions, 'org' | 'secretTypes'>,
): Finding | undefined {
  const check = `custom pattern of ${org}`;
  const ours = patterns.filter(({ pattern, slug }) => secretTypes.includes(slug) || pattern.includes('cog_'));
  const best =
    ours.find(({ slug, state }) => state === 'published' && secretTypes.includes(slug)) ??
    ours.find(({ slug }) => secretTypes.includes(slug)) ??
    ours[0];
  if (best === undefined) return undefined;
  const { name, push_protection_enabled, slug, state } = best;
  const title = `"${name}" (${slug})`;
  if (!secretTypes.includes(slug)) {
    const found = `the alerts of ${title} are ignored: its slug is none of githubSecretTypes`;
    return missing(check, found, `deploy with githubSecretTypes: ${[...secretTypes, slug].join(',')}`);
  }
  const place = `in the settings of ${org}: Advanced Security, Global settings, Custom patterns, ${name}`;
  if (state === 'unpublished')
    return missing(check, `${title} is not published`, `dry run and publish it ${place}`);
  return push_protection_enabled
    ? ok(check, `${title} is published, and protects pushes`)
    : limited(check, `${title} is published, without push protection`, `enable push protection ${place}`);
}

function byHand(status: 'denied' | 'failed'): string {
  return status === 'denied'
    ? "set GH_TOKEN to an owner's token, or add it by hand: docs/detectors/github-custom-pattern.md"
    : 'run it again';
}
