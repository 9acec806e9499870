import { createPrivateKey, type KeyObject, sign } from 'node:crypto';
import * as z from 'zod/mini';
import { type ReadSecret, SecretError } from '../aws/secrets.ts';
import { Token } from '../domain/token.ts';
import type { HttpResponse } from '../platform/http.ts';
import { parseJson } from '../platform/parse-json.ts';
import { sendRetrying } from '../platform/retry.ts';
import { GitHubRefusedError, rateLimitMs, refusal } from './github-refusal.ts';

/** The token for GitHub's API, kept while the container is warm and the token is valid. */
export interface GitHubToken {
  /** @throws {SecretError} @throws {GitHubRefusedError} when the rate limit is used up @throws {HttpFailure} */
  get(deadline: number): Promise<Token>;
  /** Forgets what is cached, so that the next `get` reads the secret afresh. */
  forget(): void;
}

const Plain = z.object({ token: z.string() });
/** The identity of a GitHub App, as its secret holds it. */
export const App = z.object({
  app_id: z.union([z.string(), z.number()]),
  installation_id: z.union([z.string(), z.number()]),
  private_key: z.string(),
});
const InstallationToken = z.object({ token: z.string(), expires_at: z.string() });

interface Held {
  readonly token: Token;
  /** Epoch milliseconds. */
  readonly until: number;
}

export function githubToken(read: ReadSecret, secretId: string, baseUrl: string): GitHubToken {
  let cached: Promise<Held> | undefined;

  async function load(deadline: number): Promise<Held> {
    const value = await read(secretId);
    const app = parseJson(value, App);
    if (app !== undefined) return installationToken(secretId, app, baseUrl, deadline);
    const token = (parseJson(value, Plain)?.token ?? value).trim();
    if (!/^[\x21-\x7e]+$/.test(token) || token.startsWith('{')) {
      const shapes = 'a token, JSON {"token"}, or JSON {"app_id","installation_id","private_key"}';
      throw new SecretError(secretId, 'malformed', `must be ${shapes}`);
    }
    return { token: new Token(token), until: Number.POSITIVE_INFINITY };
  }

  return {
    async get(deadline) {
      const held = cached === undefined ? undefined : await cached.catch(() => undefined);
      if (held !== undefined && held.until > Date.now() + 60_000) return held.token;
      cached = load(deadline);
      return (await cached).token;
    },
    forget() {
      cached = undefined;
    },
  };
}

/** https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-an-installation-access-token-for-a-github-app */
async function installationToken(
  secretId: string,
  app: z.infer<typeof App>,
  baseUrl: string,
  deadline: number,
): Promise<Held> {
  const url = new URL(
    `${baseUrl}/app/installations/${encodeURIComponent(app.installation_id)}/access_tokens`,
  );
  const headers = appHeaders(secretId, app);
  const isFinal = (answer: HttpResponse) => rateLimitMs(answer) !== undefined;
  const retry = { deadline, attempts: 4, isFinal };
  const { response } = await sendRetrying({ method: 'POST', url, headers }, retry);
  if (isFinal(response) || response.status === 429) throw new GitHubRefusedError(refusal('POST', response));
  const answer = response.status === 201 ? parseJson(response.body, InstallationToken) : undefined;
  if (answer === undefined) {
    throw new SecretError(secretId, `HTTP ${response.status}`, 'GitHub gives this app no installation token');
  }
  return { token: new Token(answer.token), until: Date.parse(answer.expires_at) || Date.now() + 300_000 };
}

/** GitHub asks for a user agent and recommends naming the API version. */
export const githubHeaders = {
  accept: 'application/vnd.github+json',
  'user-agent': 'devin-key-revoker',
  'x-github-api-version': '2022-11-28',
} as const;

/** For requests as the App itself, and not as its installation. @throws {SecretError} when its key is none */
export function appHeaders(secretId: string, app: z.infer<typeof App>): Record<string, string> {
  const jwt = appJwt(String(app.app_id), privateKey(secretId, app.private_key));
  return { ...githubHeaders, authorization: `Bearer ${jwt}` };
}

function privateKey(secretId: string, pem: string): KeyObject {
  try {
    // Secrets pasted into JSON by hand often hold \n as two characters.
    return createPrivateKey(pem.replaceAll('\\n', '\n'));
  } catch {
    throw new SecretError(secretId, 'malformed', 'private_key is not a private key in PEM form');
  }
}

function appJwt(issuer: string, key: KeyObject): string {
  const now = Math.floor(Date.now() / 1_000);
  // A minute back against clock drift, nine ahead of the ten that GitHub allows.
  const claims = { iat: now - 60, exp: now + 480, iss: issuer };
  const text = [{ alg: 'RS256', typ: 'JWT' }, claims]
    .map((part) => base64url(JSON.stringify(part)))
    .join('.');
  return `${text}.${sign('RSA-SHA256', Buffer.from(text), key).toString('base64url')}`;
}

function base64url(text: string): string {
  return Buffer.from(text).toString('base64url');
}
