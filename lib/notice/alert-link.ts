import type { GitHubAlertRef } from '../domain/report.ts';

/**
 * The page of an alert. `undefined` where the names are placeholders.
 *
 * @param apiUrl of github.com, of a tenant at ghe.com (`https://api.<name>.ghe.com`) or of GitHub Enterprise Server
 * (`https://<host>/api/v3`)
 */
export function alertLink(
  { number, owner, repo, repository_id }: GitHubAlertRef,
  apiUrl: string,
): string | undefined {
  const { host, protocol } = new URL(apiUrl);
  if (repository_id !== undefined) return undefined;
  const web = `${protocol}//${host.replace(/^api\./, '')}`;
  return `${web}/${owner}/${repo}/security/secret-scanning/${number}`;
}
