import * as z from 'zod/mini';
import { GitHubAlertRef } from '../domain/report.ts';
import { containsToken } from '../domain/token-forms.ts';
import type { HttpResponse } from '../platform/http.ts';
import { parseJson } from '../platform/parse-json.ts';

/** A repository by its present name. */
export type RepositoryName = Pick<GitHubAlertRef, 'owner' | 'repo'>;

const AlertUrl = z.object({ url: z.string() });
const Name = z.object({ owner: GitHubAlertRef.shape.owner, repo: GitHubAlertRef.shape.repo });

/** https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api */
export function isRedirect({ status }: HttpResponse): boolean {
  return status === 301 || status === 302 || status === 307 || status === 308;
}

/**
 * The id of a renamed repository, out of GitHub's redirect to the same alert on the same host. The request to follow is
 * built from this id alone, so the token goes nowhere else.
 *
 * @returns `undefined` when the redirect leads to any other place
 */
export function redirectedRepositoryId(
  { headers }: HttpResponse,
  baseUrl: string,
  { number }: GitHubAlertRef,
): string | undefined {
  const base = new URL(baseUrl);
  const to = URL.parse(headers.location ?? '', baseUrl);
  if (to === null || to.origin !== base.origin || to.search !== '') return undefined;
  const prefix = base.pathname.replace(/\/$/, '');
  if (!to.pathname.startsWith(`${prefix}/`)) return undefined;
  const path = /^\/repositories\/(\d{1,20})\/secret-scanning\/alerts\/(\d+)$/.exec(
    to.pathname.slice(prefix.length),
  );
  return path?.[2] === String(number) ? path[1] : undefined;
}

/**
 * The repository in an alert's own URL, `…/repos/<owner>/<repo>/secret-scanning/alerts/<number>`.
 *
 * @returns `undefined` when it is none, or a name that must not be recorded
 */
export function repositoryOfAlert(body: string): RepositoryName | undefined {
  const url = parseJson(body, AlertUrl)?.url ?? '';
  const [path = '', owner, repo] = /\/repos\/([^/]+)\/([^/]+)\/secret-scanning\/alerts\/\d+$/.exec(url) ?? [];
  return containsToken(path) ? undefined : z.safeParse(Name, { owner, repo }).data;
}
