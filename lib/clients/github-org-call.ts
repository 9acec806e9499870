import * as z from 'zod/mini';
import type { HttpResponse } from '../platform/http.ts';
import { parseJson } from '../platform/parse-json.ts';
import type { RetryOptions } from '../platform/retry.ts';
import { type GitHubCall, githubCall } from './github-call.ts';
import type { GitHubToken } from './github-token.ts';

/** `denied`: the token may not do this, or there is no such organisation; GitHub answers both alike. */
export type OrgRefusal = { readonly status: 'denied' | 'failed'; readonly reason: string };
export type OrgAnswer<T> = { readonly status: 'answered'; readonly value: T } | OrgRefusal;

/** A part of an organisation's settings. */
export interface OrgSubject {
  /** In the plural, as people read of it. */
  readonly what: string;
  /** The scope or the permission that it takes. */
  readonly needs: string;
}

export interface OrgRequest {
  readonly method: string;
  readonly path: string;
  readonly body?: object;
}

/** Requests about one part of an organisation's settings. */
export interface OrgCall {
  one<T>(
    request: OrgRequest,
    read: (response: HttpResponse) => T | undefined,
    retry: RetryOptions,
  ): Promise<OrgAnswer<T>>;
  /** All pages of a list. */
  all<T extends z.core.$ZodType>(
    path: string,
    schema: T,
    retry: RetryOptions,
  ): Promise<OrgAnswer<z.output<T>[]>>;
}

const PAGE = 100;
const MAX_PAGES = 50;

export function orgCall(baseUrl: string, token: GitHubToken, subject: OrgSubject): OrgCall {
  const call: GitHubCall = githubCall(baseUrl, token);

  const one: OrgCall['one'] = async ({ body, method, path }, read, retry) => {
    const answer = await call(method, path, retry, body);
    if (answer.kind === 'refused') return failed(answer.refusal.reason);
    const { response } = answer;
    if (response.status < 200 || response.status > 299) return refusal(response.status, subject);
    const value = read(response);
    return value === undefined
      ? failed(`GitHub's answer about ${subject.what} is not the documented JSON`)
      : { status: 'answered', value };
  };

  return {
    one,
    async all<T extends z.core.$ZodType>(path: string, schema: T, retry: RetryOptions) {
      const items: z.output<T>[] = [];
      for (let page = 1; page <= MAX_PAGES; page++) {
        const request = { method: 'GET', path: `${path}?per_page=${PAGE}&page=${page}` };
        const answer = await one(request, ({ body }) => parseJson(body, z.array(schema)), retry);
        if (answer.status !== 'answered') return answer;
        items.push(...answer.value);
        if (answer.value.length < PAGE) return { status: 'answered', value: items };
      }
      return failed(`there are over ${MAX_PAGES * PAGE} ${subject.what}`);
    },
  };
}

/** An answer of which only that it came matters. */
export async function withoutValue(answer: Promise<OrgAnswer<unknown>>): Promise<OrgAnswer<undefined>> {
  const given = await answer;
  return given.status === 'answered' ? { status: 'answered', value: undefined } : given;
}

function refusal(status: number, { needs, what }: OrgSubject): OrgRefusal {
  switch (status) {
    case 401:
      return { status: 'denied', reason: 'GitHub does not accept the token (HTTP 401)' };
    case 403:
    case 404:
      return { status: 'denied', reason: `GitHub refuses ${what} (HTTP ${status}): they take ${needs}` };
    case 422:
      return failed(`GitHub rejects the change of ${what} (HTTP 422)`);
    default:
      return failed(`GitHub answered about ${what} with HTTP ${status}`);
  }
}

function failed(reason: string): OrgRefusal {
  return { status: 'failed', reason };
}
