import * as z from 'zod/mini';
import type { HttpResponse } from '../platform/http.ts';
import { parseJson } from '../platform/parse-json.ts';
import type { RetryOptions } from '../platform/retry.ts';
import { githubCall } from './github-call.ts';
import { type GitHubRefusal, refusal, undocumented } from './github-refusal.ts';
import type { GitHubToken } from './github-token.ts';

const ListedAlerts = z.array(
  z.object({
    number: z.int(),
    created_at: z.string(),
    updated_at: z.nullish(z.string()),
    repository: z.object({ full_name: z.string(), id: z.optional(z.int()) }),
  }),
);

/** One page of an organisation's open alerts, without their secrets. */
export type AlertListing =
  | {
      readonly ok: true;
      readonly alerts: z.infer<typeof ListedAlerts>;
      /** The cursor of the next page; `undefined` on the last. */
      readonly next: string | undefined;
    }
  | GitHubRefusal;

export interface GitHubAlertList {
  /** Open alerts of some secret types over an organisation, the newest first. */
  listOpenAlerts(
    where: {
      readonly org: string;
      readonly secretTypes: readonly string[];
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
        ...(after !== undefined && { after }),
      });
      const path = `/orgs/${encodeURIComponent(org)}/secret-scanning/alerts?${query}`;
      const answer = await call('GET', path, retry);
      return answer.kind === 'refused' ? answer.refusal : readListing(answer.response);
    },
  };
}

function readListing(response: HttpResponse): AlertListing {
  if (response.status !== 200) return refusal('GET', response);
  const alerts = parseJson(response.body, ListedAlerts);
  return alerts === undefined ? undocumented : { ok: true, alerts, next: nextCursor(response.headers.link) };
}

/** The cursor alone is taken from the link, never its host: https://docs.github.com/en/rest/using-the-rest-api/using-pagination-in-the-rest-api */
function nextCursor(link: string | string[] | undefined): string | undefined {
  const next = /<([^>]*)>;\s*rel="next"/.exec(String(link ?? ''))?.[1];
  return URL.parse(next ?? '')?.searchParams.get('after') ?? undefined;
}
