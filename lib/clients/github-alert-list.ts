import * as z from 'zod/mini';
import type { HttpResponse } from '../platform/http.ts';
import { parseJson } from '../platform/parse-json.ts';
import type { RetryOptions } from '../platform/retry.ts';
import { githubCall } from './github-call.ts';
import { type GitHubRefusal, refusal, undocumented } from './github-refusal.ts';
import type { GitHubToken } from './github-token.ts';

const ListedAlert = z.object({
  number: z.int(),
  created_at: z.string(),
  updated_at: z.nullish(z.string()),
  validity: z.nullish(z.string()),
  publicly_leaked: z.nullish(z.boolean()),
  repository: z.object({ full_name: z.string(), id: z.optional(z.int()) }),
});

/** One page of an organisation's open alerts, without their secrets. */
export type AlertListing =
  | {
      readonly ok: true;
      readonly alerts: readonly z.infer<typeof ListedAlert>[];
      /** How many items of the page are not alerts as documented. */
      readonly malformed: number;
      /** The cursor of the next page, such as `after=…` or `page=2`; `undefined` on the last. */
      readonly next: string | undefined;
    }
  | GitHubRefusal;

export interface GitHubAlertList {
  /** Open alerts of some secret types over an organisation, the newest first. */
  listOpenAlerts(
    where: {
      readonly org: string;
      readonly secretTypes: readonly string[];
      /** The `next` of the page before it. */
      readonly after: string | undefined;
    },
    retry: RetryOptions,
  ): Promise<AlertListing>;
}

/** A client of its own, as the worker does not need it: https://docs.github.com/en/rest/secret-scanning/secret-scanning */
export function githubAlertList(baseUrl: string, token: GitHubToken): GitHubAlertList {
  const call = githubCall(baseUrl, token);
  return {
    async listOpenAlerts({ after, org, secretTypes }, retry) {
      const query = new URLSearchParams({
        state: 'open',
        secret_type: secretTypes.join(','),
        sort: 'created',
        direction: 'desc',
        per_page: '100',
        hide_secret: 'true',
      });
      for (const [name, value] of new URLSearchParams(after)) query.set(name, value);
      const path = `/orgs/${encodeURIComponent(org)}/secret-scanning/alerts?${query}`;
      const answer = await call('GET', path, retry);
      return answer.kind === 'refused' ? answer.refusal : readListing(answer.response);
    },
  };
}

function readListing(response: HttpResponse): AlertListing {
  if (response.status !== 200) return refusal('GET', response);
  const items = parseJson(response.body, z.array(z.unknown()));
  if (items === undefined) return undocumented;
  const alerts = items.flatMap((item) => z.safeParse(ListedAlert, item).data ?? []);
  const next = nextCursor(response.headers.link);
  if (next === 'unknown') {
    return { ok: false, reason: "GitHub's listing does not say where its next page begins", retryable: true };
  }
  return { ok: true, alerts, malformed: items.length - alerts.length, next };
}

/**
 * The cursor alone is taken from the link, never its host: https://docs.github.com/en/rest/using-the-rest-api/using-pagination-in-the-rest-api
 *
 * @returns `undefined` without a next page; `unknown` when there is one, yet not where it begins
 */
function nextCursor(link: string | string[] | undefined): string | 'unknown' | undefined {
  const next = String(link ?? '')
    .split(/,\s*(?=<)/)
    .find((one) => /;\s*rel\s*=\s*(?:next\s*(?:;|$)|(["'])(?:[^"']*\s)?next(?:\s[^"']*)?\1)/i.test(one));
  if (next === undefined) return undefined;
  const query = URL.parse(/<([^<>]*)>/.exec(next)?.[1] ?? '')?.searchParams;
  const name = ['after', 'page'].find((candidate) => query?.get(candidate));
  return name === undefined ? 'unknown' : String(new URLSearchParams({ [name]: query?.get(name) ?? '' }));
}
