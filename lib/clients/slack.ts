import * as z from 'zod/mini';
import { HttpFailure } from '../platform/http.ts';
import { log } from '../platform/log.ts';
import { parseJson } from '../platform/parse-json.ts';
import { sendRetrying } from '../platform/retry.ts';

const Posted = z.object({ ok: z.boolean(), error: z.optional(z.string()) });

/** Milliseconds that a message may take. */
const WITHIN_MS = 10_000;

/**
 * Posts to a Slack channel as a bot with the scope `chat:write`. It never fails a job. @returns whether Slack took it
 * https://docs.slack.dev/reference/methods/chat.postMessage
 */
export function slackPost(
  baseUrl: string,
  readToken: () => Promise<string>,
): (channel: string, subject: string, text: string) => Promise<boolean> {
  return async (channel, subject, text) => {
    try {
      const request = {
        method: 'POST',
        url: new URL(`${baseUrl}/chat.postMessage`),
        headers: {
          authorization: `Bearer ${(await readToken()).trim()}`,
          'content-type': 'application/json; charset=utf-8',
        },
        // Names of keys may hold what Slack takes for a link or a mention.
        body: JSON.stringify({ channel, text: `*${subject}*\n${escapeText(text)}`, unfurl_links: false }),
      };
      const { response } = await sendRetrying(request, { deadline: Date.now() + WITHIN_MS, attempts: 3 });
      const posted = parseJson(response.body, Posted);
      if (response.status === 200 && posted?.ok === true) return true;
      const reason = /^[a-z_]{1,60}$/.exec(posted?.error ?? '')?.[0] ?? `HTTP ${response.status}`;
      log('error', 'not posted to Slack', { reason });
      return false;
    } catch (error) {
      log('error', 'not posted to Slack', { reason: error instanceof HttpFailure ? error.code : 'no token' });
      return false;
    }
  };
}

/** https://docs.slack.dev/messaging/formatting-message-text#escaping */
function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
