import { createHash } from 'node:crypto';
import * as z from 'zod/mini';
import { Token } from '../../domain/token.ts';
import { answer, malformed, parseUtf8Json } from '../answer.ts';
import { type LeakItem, readLeakItem } from '../leak-item.ts';
import { queueLeaks } from '../queue-leaks.ts';
import type { IntakeParts, Source, SourceRequest } from '../source.ts';
import { tokenBucket } from '../token-bucket.ts';

const MAX_TOKENS = 100;
/** GitLab asks for a limit. A pipeline sends one request; GitLab sends it again after 429. */
const requests = tokenBucket({ burst: 20, intervalMs: 500 });

const Tokens = z.array(z.unknown());
/** The type is only told by the rule that matched, so that the token itself decides. */
const Leaked = z.object({ token: z.string(), location: z.nullish(z.string()) });

/**
 * The Token Revocation API that GitLab Self-Managed calls after a pipeline found secrets:
 * https://docs.gitlab.com/development/sec/token_revocation_api/
 */
export const gitlab: Source = {
  isAuthentic: ({ headers }, secret) =>
    headers.authorization !== undefined && new Token(headers.authorization).equals(new Token(secret)),

  receive: (request, parts) =>
    request.method === 'GET'
      ? answer(200, { types: parts.config.GITLAB_TOKEN_TYPES })
      : revokeTokens(request, parts),
};

async function revokeTokens({ body, now }: SourceRequest, parts: IntakeParts) {
  if (!requests.take()) return answer(429, { error: 'too many requests' }, { 'retry-after': '1' });
  const parsed = z.safeParse(Tokens, parseUtf8Json(body)?.value);
  const tokens = parsed.data ?? [];
  if (tokens.length === 0 || tokens.length > MAX_TOKENS) {
    return malformed(parts.fields, `the body must be a list of 1 to ${MAX_TOKENS} tokens`);
  }
  const ended = await queueLeaks(
    tokens.map((token) => readToken(token, parts.config.DRY_RUN, now)),
    parts,
  );
  // The others are on the queue all the same.
  return ended.every(({ accepted }) => accepted) ? { statusCode: 204 } : answer(400, { tokens: ended });
}

/** The same token at the same place is the same report, for a day: GitLab names neither a delivery nor a time. */
function readToken(item: unknown, dryRun: boolean, now: number): LeakItem {
  const leaked = z.safeParse(Leaked, item);
  if (!leaked.success) return { status: 'refused', reason: 'token is missing, or a field is not text' };
  const { location, token } = leaked.data;
  const place = createHash('sha256')
    .update(location ?? '')
    .digest('hex')
    .slice(0, 32);
  return readLeakItem(
    { token, ...(location && { url: location }) },
    { detector: 'gitlab', id: place, sentAt: now, dryRun, now },
  );
}
