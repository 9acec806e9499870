import * as z from 'zod/mini';
import { ApiKeyId, ServiceUserId } from '../domain/key.ts';
import { Token } from '../domain/token.ts';
import { HttpFailure } from '../platform/http.ts';
import { parseJson } from '../platform/parse-json.ts';
import type { AdminToken } from './devin-admin-token.ts';
import { callDevin } from './devin-call.ts';

/** A key that was made, with its token, which the API shows this once. */
export type MadeKey =
  | { readonly ok: true; readonly api_key_id: string; readonly token: Token }
  /** `mayExist`: the API may have made the key all the same. */
  | { readonly ok: false; readonly reason: string; readonly mayExist: boolean };

export interface KeyToMake {
  readonly service_user_id: string;
  readonly name: string;
  /** UNIX seconds. */
  readonly expires_at: number;
}

const Made = z.object({
  api_key_id: ApiKeyId,
  token: z.string().check(z.regex(/^cog_[\x21-\x7e]{1,1024}$/)),
});

/** Makes a key. The call is sent once, since each makes another key. @param options.timeoutMs milliseconds */
export async function makeKey(
  baseUrl: string,
  admin: Pick<AdminToken, 'get'>,
  { service_user_id, ...key }: KeyToMake,
  { timeoutMs }: { readonly timeoutMs: number },
): Promise<MadeKey> {
  const user = encodeURIComponent(z.parse(ServiceUserId, service_user_id));
  const path = `/v3beta1/enterprise/service-users/${user}/api-keys`;
  const request = { method: 'POST', path, body: key };
  try {
    const deadline = Date.now() + timeoutMs;
    const once = { deadline, attempts: 1, timeoutMs };
    const { response } = await callDevin(baseUrl, request, await admin.get(), once);
    if (response.status !== 200 && response.status !== 201) {
      return refused(`Devin answered POST with HTTP ${response.status}`, response.status >= 500);
    }
    const made = parseJson(response.body, Made);
    if (made === undefined)
      return refused('Devin answered POST with a body that is not the documented JSON', true);
    return { ok: true, api_key_id: made.api_key_id, token: new Token(made.token) };
  } catch (error) {
    if (error instanceof HttpFailure) return refused(`Devin did not answer POST (${error.code})`, true);
    throw error;
  }
}

function refused(reason: string, mayExist: boolean): MadeKey {
  return { ok: false, reason, mayExist };
}
