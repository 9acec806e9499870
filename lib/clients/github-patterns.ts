import * as z from 'zod/mini';
import type { RetryOptions } from '../platform/retry.ts';
import { type OrgAnswer, orgCall, withoutValue } from './github-org-call.ts';
import type { GitHubToken } from './github-token.ts';

const Pattern = z.object({
  name: z.string(),
  pattern: z.string(),
  slug: z.string(),
  state: z.enum(['published', 'unpublished']),
  push_protection_enabled: z._default(z.boolean(), false),
});
/** A custom pattern of an organisation. Its slug is the secret type of the alerts that it raises. */
export type Pattern = z.infer<typeof Pattern>;

export interface NewPattern {
  readonly name: string;
  readonly pattern: string;
  readonly start_delimiter: string;
  readonly end_delimiter: string;
}

export interface GitHubPatterns {
  list(org: string, retry: RetryOptions): Promise<OrgAnswer<Pattern[]>>;
  /** It is not published: GitHub leaves that, and the dry run before it, to a person. */
  create(org: string, pattern: NewPattern, retry: RetryOptions): Promise<OrgAnswer<undefined>>;
}

const SUBJECT = {
  what: 'custom patterns',
  needs: 'an owner\'s token with the scope write:org, or the organisation permission "Administration: write"',
};

/** The custom patterns of organisations: https://docs.github.com/en/rest/secret-scanning/custom-patterns */
export function githubPatterns(baseUrl: string, token: GitHubToken): GitHubPatterns {
  const call = orgCall(baseUrl, token, SUBJECT);
  const path = (org: string) => `/orgs/${encodeURIComponent(org)}/secret-scanning/custom-patterns`;
  return {
    list: (org, retry) => call.all(path(org), Pattern, retry),
    create: (org, pattern, retry) =>
      withoutValue(
        // Once: an answer that was lost may hide a pattern that was created; the next run finds it.
        call.one({ method: 'POST', path: path(org), body: { patterns: [pattern] } }, () => true, {
          ...retry,
          attempts: 1,
        }),
      ),
  };
}
