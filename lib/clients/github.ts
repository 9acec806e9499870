import * as z from 'zod/mini';
import { redact } from '../domain/redact.ts';
import type { GitHubAlertRef } from '../domain/report.ts';
import { HttpFailure, type HttpResponse } from '../platform/http.ts';
import { parseJson } from '../platform/parse-json.ts';
import { type RetryOptions, sendRetrying } from '../platform/retry.ts';
import { type GitHubAlert, readAlert } from './github-alert.ts';
import { type AlertListing, readListing } from './github-listing.ts';
import {
  isRedirect,
  type RepositoryName,
  redirectedRepositoryId,
  repositoryName,
  repositoryOfAlertUrl,
} from './github-redirect.ts';
import { type GitHubRefusal, rateLimitMs, refusal, undocumented } from './github-refusal.ts';
import { type GitHubToken, githubHeaders } from './github-token.ts';

const AlertUrl = z.object({ url: z.string() });
const Repository = z.object({ full_name: z.string() });

export interface GitHub {
  getAlert(
    ref: GitHubAlertRef,
    retry: RetryOptions,
  ): Promise<{ readonly ok: true; readonly alert: GitHubAlert } | GitHubRefusal>;
  /** Open alerts of some secret types over an organisation, the newest first. */
  listOpenAlerts(
    where: {
      readonly org: string;
      readonly secretTypes: readonly string[];
      readonly after: string | undefined;
    },
    retry: RetryOptions,
  ): Promise<AlertListing>;
  /**
   * Resolves the alert as revoked. Everyone who sees the alert reads the comment, so tokens in it are redacted.
   *
   * `movedTo` is the present name of the repository, when that was renamed since the report.
   */
  resolveAlert(
    ref: GitHubAlertRef,
    comment: string,
    retry: RetryOptions,
  ): Promise<{ readonly ok: true; readonly movedTo?: RepositoryName } | GitHubRefusal>;
}

type Answer =
  | { readonly kind: 'answered'; readonly response: HttpResponse }
  | { readonly kind: 'refused'; readonly refusal: GitHubRefusal };

/** An answer about an alert; `repositoryId` when GitHub redirected to it. */
type AlertAnswer = Answer & { readonly repositoryId?: string };

/** A client of GitHub's secret-scanning REST API: https://docs.github.com/en/rest/secret-scanning/secret-scanning */
export function githubClient(baseUrl: string, token: GitHubToken): GitHub {
  async function call(method: string, path: string, retry: RetryOptions, body?: object): Promise<Answer> {
    const url = new URL(baseUrl + path);
    try {
      for (let fresh = false; ; fresh = true) {
        const headers: Record<string, string> = {
          ...githubHeaders,
          authorization: `Bearer ${(await token.get(retry.deadline)).reveal()}`,
          ...(body && { 'content-type': 'application/json' }),
        };
        const request = { method, url, headers, ...(body && { body: JSON.stringify(body) }) };
        const { response } = await sendRetrying(request, { ...retry, isFinal: isRateLimited });
        if (response.status !== 401 || fresh) return { kind: 'answered', response };
        token.forget();
      }
    } catch (error) {
      if (!(error instanceof HttpFailure)) throw error;
      return refused(`GitHub did not answer ${method} (${error.code})`, true);
    }
  }

  /** Follows the redirect of a renamed repository, once and with the same method. */
  async function callAlert(
    method: string,
    ref: GitHubAlertRef,
    retry: RetryOptions,
    body?: object,
  ): Promise<AlertAnswer> {
    const first = await call(method, alertPath(ref), retry, body);
    if (first.kind === 'refused' || !isRedirect(first.response)) return first;
    const repositoryId = redirectedRepositoryId(first.response, baseUrl, ref);
    if (repositoryId === undefined) return notFollowed(first.response);
    const path = `/repositories/${repositoryId}/secret-scanning/alerts/${ref.number}`;
    const second = await call(method, path, retry, body);
    if (second.kind === 'answered' && isRedirect(second.response)) return notFollowed(second.response);
    return { ...second, repositoryId };
  }

  /** The name of a repository that GitHub redirected to, as far as it can be learnt. */
  async function movedTo(
    repositoryId: string | undefined,
    response: HttpResponse,
    retry: RetryOptions,
  ): Promise<{ movedTo?: RepositoryName }> {
    if (repositoryId === undefined) return {};
    let name = repositoryOfAlertUrl(parseJson(response.body, AlertUrl)?.url ?? '');
    if (name === undefined) {
      const answer = await call('GET', `/repositories/${repositoryId}`, retry);
      const body = answer.kind === 'answered' ? answer.response.body : '';
      name = repositoryName(parseJson(body, Repository)?.full_name);
    }
    return name === undefined ? {} : { movedTo: name };
  }

  return {
    async getAlert(ref, retry) {
      const answer = await callAlert('GET', ref, retry);
      if (answer.kind === 'refused') return answer.refusal;
      const { repositoryId, response } = answer;
      if (response.status !== 200) return refusal('GET', response);
      const alert = readAlert(response.body);
      if (alert === undefined) return undocumented;
      return { ok: true, alert: { ...alert, ...(await movedTo(repositoryId, response, retry)) } };
    },

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

    async resolveAlert(ref, comment, retry) {
      const resolution = { state: 'resolved', resolution: 'revoked', resolution_comment: redact(comment) };
      let answer = await callAlert('PATCH', ref, retry, { ...resolution, validity: 'inactive' });
      // 422 also when the validity of this alert cannot be set; resolving it is what matters.
      if (answer.kind === 'answered' && answer.response.status === 422) {
        answer = await callAlert('PATCH', ref, retry, resolution);
      }
      if (answer.kind === 'refused') return answer.refusal;
      const { repositoryId, response } = answer;
      if (response.status !== 200) return refusal('PATCH', response);
      return { ok: true, ...(await movedTo(repositoryId, response, retry)) };
    },
  };
}

function refused(reason: string, retryable: boolean): Answer {
  return { kind: 'refused', refusal: { ok: false, reason, retryable } };
}

function notFollowed({ status }: HttpResponse): Answer {
  const reason = `GitHub redirects to another place than this alert (HTTP ${status}), which is not followed`;
  return refused(reason, false);
}

function isRateLimited(response: HttpResponse): boolean {
  return rateLimitMs(response) !== undefined;
}

function alertPath({ number, owner, repo }: GitHubAlertRef): string {
  return `/repos/${encodeURIComponent(owner)}/${encodeURIComponent(repo)}/secret-scanning/alerts/${number}`;
}
