import * as z from 'zod/mini';
import type { HttpResponse } from '../platform/http.ts';
import { parseJson } from '../platform/parse-json.ts';
import type { RetryOptions } from '../platform/retry.ts';
import { type OrgAnswer, orgCall, withoutValue } from './github-org-call.ts';
import type { GitHubToken } from './github-token.ts';

const Hook = z.object({
  id: z.int(),
  active: z.boolean(),
  events: z.array(z.string()),
  config: z.object({
    url: z.optional(z.string()),
    content_type: z.optional(z.string()),
    insecure_ssl: z.optional(z.union([z.string(), z.number()])),
  }),
});
/** A webhook of an organisation. GitHub never shows its secret. */
export type Hook = z.infer<typeof Hook>;

/** What a webhook is to be. It always has the secret with it, since a change without one removes it. */
export interface HookSettings {
  readonly url: string;
  readonly secret: string;
  readonly events: readonly string[];
}

const Delivery = z.object({ guid: z.string(), event: z.string(), status_code: z.int() });
/** A delivery of a webhook, and the HTTP status of the answer to it; 0 without an answer. */
export type Delivery = z.infer<typeof Delivery>;

export interface GitHubHooks {
  list(org: string, retry: RetryOptions): Promise<OrgAnswer<Hook[]>>;
  create(org: string, hook: HookSettings, retry: RetryOptions): Promise<OrgAnswer<Hook>>;
  update(org: string, id: number, hook: HookSettings, retry: RetryOptions): Promise<OrgAnswer<Hook>>;
  ping(org: string, id: number, retry: RetryOptions): Promise<OrgAnswer<undefined>>;
  /** The newest hundred, the newest first. */
  deliveries(org: string, id: number, retry: RetryOptions): Promise<OrgAnswer<Delivery[]>>;
}

const SUBJECT = {
  what: 'webhooks',
  needs: 'an owner\'s token with the scope admin:org_hook, or the organisation permission "Webhooks: write"',
};

/** The webhooks of organisations: https://docs.github.com/en/rest/orgs/webhooks */
export function githubHooks(baseUrl: string, token: GitHubToken): GitHubHooks {
  const call = orgCall(baseUrl, token, SUBJECT);
  const path = (org: string, id?: number) =>
    `/orgs/${encodeURIComponent(org)}/hooks${id === undefined ? '' : `/${id}`}`;
  const readHook = ({ body }: HttpResponse) => parseJson(body, Hook);
  return {
    list: (org, retry) => call.all(path(org), Hook, retry),
    create: (org, settings, retry) =>
      call.one({ method: 'POST', path: path(org), body: { name: 'web', ...hookBody(settings) } }, readHook, {
        ...retry,
        // An answer that was lost may hide a webhook that was created; the next run finds it.
        attempts: 1,
      }),
    update: (org, id, settings, retry) =>
      call.one({ method: 'PATCH', path: path(org, id), body: hookBody(settings) }, readHook, retry),
    ping: (org, id, retry) =>
      withoutValue(call.one({ method: 'POST', path: `${path(org, id)}/pings` }, () => true, retry)),
    deliveries: (org, id, retry) =>
      call.one(
        { method: 'GET', path: `${path(org, id)}/deliveries?per_page=100` },
        ({ body }) => parseJson(body, z.array(Delivery)),
        retry,
      ),
  };
}

function hookBody({ events, secret, url }: HookSettings): object {
  return { active: true, events, config: { url, secret, content_type: 'json', insecure_ssl: '0' } };
}
