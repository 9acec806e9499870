import * as z from 'zod/mini';
import { HttpFailure } from '../platform/http.ts';
import { parseJson } from '../platform/parse-json.ts';
import { isTransient, type RetryOptions, sendRetrying } from '../platform/retry.ts';
import { App, appHeaders } from './github-token.ts';

const Installation = z.object({
  account: z.nullish(z.object({ login: z.optional(z.string()) })),
  permissions: z.record(z.string(), z.string()),
  suspended_at: z.nullish(z.string()),
});

/** What GitHub says of an App's installation. `status`: the HTTP status of a refusal, when there was an answer. */
export type InstallationAnswer =
  | {
      readonly ok: true;
      /** The organisation in which it is installed. */
      readonly account: string | undefined;
      /** By their names in the API, such as `secret_scanning_alerts`, to `read` or `write`. */
      readonly permissions: Readonly<Record<string, string>>;
      readonly isSuspended: boolean;
    }
  | { readonly ok: false; readonly reason: string; readonly retryable: boolean };

/** The App of a secret's value, or `undefined` when it holds something else. */
export function githubApp(value: string): z.infer<typeof App> | undefined {
  return parseJson(value, App);
}

/**
 * Reads an installation as the App itself, which creates no token.
 * https://docs.github.com/en/rest/apps/apps#get-an-installation-for-the-authenticated-app
 *
 * @throws {SecretError} when the private key is none
 */
export async function readInstallation(
  secretId: string,
  app: z.infer<typeof App>,
  baseUrl: string,
  retry: RetryOptions,
): Promise<InstallationAnswer> {
  const url = new URL(`${baseUrl}/app/installations/${encodeURIComponent(app.installation_id)}`);
  try {
    const { response } = await sendRetrying(
      { method: 'GET', url, headers: appHeaders(secretId, app) },
      retry,
    );
    if (response.status !== 200) return refusal(response.status);
    const read = parseJson(response.body, Installation);
    if (read === undefined)
      return failed('GitHub answered with a body that is not the documented JSON', true);
    const { account, permissions, suspended_at } = read;
    return { ok: true, account: account?.login, permissions, isSuspended: (suspended_at ?? null) !== null };
  } catch (error) {
    if (error instanceof HttpFailure) return failed(`GitHub did not answer (${error.code})`, true);
    throw error;
  }
}

function refusal(status: number): InstallationAnswer {
  if (status === 401)
    return failed(
      'GitHub does not accept the App (HTTP 401): app_id and private_key are not of one App',
      false,
    );
  if (status === 404)
    return failed('the App has no such installation (HTTP 404): see installation_id', false);
  return failed(`GitHub answered with HTTP ${status}`, isTransient(status) || status === 403);
}

function failed(reason: string, retryable: boolean): InstallationAnswer {
  return { ok: false, reason, retryable };
}
