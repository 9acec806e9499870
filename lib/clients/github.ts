import { redact } from '../domain/redact.ts';
import type { GitHubAlertRef } from '../domain/report.ts';
import type { HttpResponse } from '../platform/http.ts';
import type { RetryOptions } from '../platform/retry.ts';
import { type GitHubAlert, readAlert } from './github-alert.ts';
import { type Answer, githubCall, refused } from './github-call.ts';
import {
  isRedirect,
  type RepositoryName,
  redirectedRepositoryId,
  repositoryOfAlert,
} from './github-redirect.ts';
import { type GitHubRefusal, refusal, undocumented } from './github-refusal.ts';
import type { GitHubToken } from './github-token.ts';

export interface GitHub {
  getAlert(
    ref: GitHubAlertRef,
    retry: RetryOptions,
  ): Promise<{ readonly ok: true; readonly alert: GitHubAlert } | GitHubRefusal>;
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
  /** Opens a resolved alert again. */
  reopenAlert(ref: GitHubAlertRef, retry: RetryOptions): Promise<{ readonly ok: true } | GitHubRefusal>;
}

/** An answer about an alert; `isMoved` when GitHub redirected to it. */
type AlertAnswer = Answer & { readonly isMoved?: true };

/** A client for one alert of GitHub's secret-scanning REST API: https://docs.github.com/en/rest/secret-scanning/secret-scanning */
export function githubClient(baseUrl: string, token: GitHubToken): GitHub {
  const call = githubCall(baseUrl, token);

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
    return { ...second, isMoved: true };
  }

  const getAlert: GitHub['getAlert'] = async (ref, retry) => {
    const answer = await callAlert('GET', ref, retry);
    if (answer.kind === 'refused') return answer.refusal;
    const { isMoved, response } = answer;
    if (response.status !== 200) return refusal('GET', response);
    const alert = readAlert(response.body);
    if (alert === undefined) return undocumented;
    return { ok: true, alert: { ...alert, ...(isMoved && movedTo(response)) } };
  };

  return {
    getAlert,

    async resolveAlert(ref, comment, retry) {
      const resolution = { state: 'resolved', resolution: 'revoked' };
      const resolve = (more: object) => callAlert('PATCH', ref, retry, { ...resolution, ...more });
      const resolution_comment = redact(comment);
      let answer = await resolve({ resolution_comment, validity: 'inactive' });
      // 422 also when the validity of this alert cannot be set; resolving it is what matters.
      if (isAnswered(answer, 422)) answer = await resolve({ resolution_comment });
      // 400 when it is resolved already, which only the alert itself can show, or when the comment is refused.
      if (isAnswered(answer, 400)) {
        const seen = await getAlert(ref, retry);
        if (seen.ok && seen.alert.state === 'resolved') return { ok: true };
        answer = await resolve({});
      }
      if (answer.kind === 'refused') return answer.refusal;
      const { isMoved, response } = answer;
      if (response.status !== 200) return refusal('PATCH', response);
      // Something in front of GitHub may answer 200 as well.
      if (readAlert(response.body)?.state !== 'resolved') return undocumented;
      return { ok: true, ...(isMoved && movedTo(response)) };
    },

    async reopenAlert(ref, retry) {
      const answer = await callAlert('PATCH', ref, retry, { state: 'open' });
      if (answer.kind === 'refused') return answer.refusal;
      const { body, status } = answer.response;
      if (status !== 200) return refusal('PATCH', answer.response);
      return readAlert(body)?.state === 'open' ? { ok: true } : undocumented;
    },
  };
}

function isAnswered(answer: AlertAnswer, status: number): boolean {
  return answer.kind === 'answered' && answer.response.status === status;
}

function notFollowed({ status }: HttpResponse): Answer {
  const reason = `GitHub redirects to another place than this alert (HTTP ${status}), which is not followed`;
  return refused(reason, false);
}

function movedTo({ body }: HttpResponse): { readonly movedTo?: RepositoryName } {
  const name = repositoryOfAlert(body);
  return name === undefined ? {} : { movedTo: name };
}

function alertPath({ number, owner, repo, repository_id }: GitHubAlertRef): string {
  if (repository_id !== undefined) return `/repositories/${repository_id}/secret-scanning/alerts/${number}`;
  return `/repos/${encodeURIComponent(owner)}/${encodeURIComponent(repo)}/secret-scanning/alerts/${number}`;
}
