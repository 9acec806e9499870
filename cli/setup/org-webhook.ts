import type { Delivery, GitHubHooks, Hook, HookSettings } from '../../lib/clients/github-hooks.ts';
import type { OrgRefusal } from '../../lib/clients/github-org-call.ts';
import { sleep } from '../../lib/platform/retry.ts';
import { type Finding, limited, missing, ok, unknown } from './finding.ts';

const EVENT = 'secret_scanning_alert';

export interface OrgWebhookOptions {
  readonly org: string;
  readonly url: string;
  readonly secret: string;
  readonly isCheck: boolean;
  /** Epoch milliseconds. */
  readonly deadline: number;
}

/** What is wrong with a webhook, as far as GitHub shows it: its secret it does not. */
export function faultsOf({ active, config, events }: Hook): string[] {
  return [
    ...(active ? [] : ['it is not active']),
    ...(events.includes(EVENT) || events.includes('*') ? [] : [`it does not send ${EVENT}`]),
    ...(config.content_type === 'json' ? [] : ['its content type is not application/json']),
    ...(config.insecure_ssl === undefined || String(config.insecure_ssl) === '0'
      ? []
      : ['it does not verify TLS certificates']),
  ];
}

/**
 * The organisation's webhook with our URL: created where there is none, mended where it differs, then pinged, since the
 * answer to a ping shows whether GitHub has the right secret. A check does none of these.
 */
export async function orgWebhook(hooks: GitHubHooks, options: OrgWebhookOptions): Promise<Finding> {
  const { deadline, isCheck, org, url } = options;
  const check = checkName(org);
  const listed = await hooks.list(org, { deadline });
  if (listed.status !== 'answered') return refused(check, listed, options);
  const ours = listed.value.filter(({ config }) => isSame(config.url, url));
  const hook = ours.find(({ active }) => active) ?? ours[0];
  if (hook === undefined) {
    return isCheck
      ? missing(check, 'there is none with the URL of this stack', `run setup, or ${byHand(options)}`)
      : create(hooks, options);
  }
  const deliveries = await hooks.deliveries(org, hook.id, { deadline });
  const last = deliveries.status === 'answered' ? deliveries.value[0] : undefined;
  const faults = [...faultsOf(hook), ...(last?.status_code === 401 ? ['its secret is another one'] : [])];
  if (!isCheck) return mend(hooks, hook, faults, options);
  if (faults.length > 0) return missing(check, faults.join(', '), 'run setup, which mends it');
  return judgeDelivery(check, last, 'in order');
}

/** A person may have left the slash at the end out. */
function isSame(one: string | undefined, other: string): boolean {
  return one !== undefined && URL.parse(one)?.href === URL.parse(other)?.href;
}

async function create(hooks: GitHubHooks, options: OrgWebhookOptions): Promise<Finding> {
  const { deadline, org } = options;
  const created = await hooks.create(org, settingsOf([EVENT], options), { deadline });
  if (created.status !== 'answered') return refused(checkName(org), created, options);
  return ping(hooks, created.value.id, 'created', options);
}

async function mend(
  hooks: GitHubHooks,
  { events, id }: Hook,
  faults: readonly string[],
  options: OrgWebhookOptions,
): Promise<Finding> {
  const { deadline, org } = options;
  if (faults.length === 0) {
    const seen = await ping(hooks, id, 'was there', options);
    if (seen.status !== 'missing') return seen;
  }
  const wanted = events.includes('*') ? events : [...new Set([...events, EVENT])];
  const updated = await hooks.update(org, id, settingsOf(wanted, options), { deadline });
  if (updated.status !== 'answered') return refused(checkName(org), updated, options);
  const what = faults.length > 0 ? faults.join(', ') : 'its secret was another one';
  return ping(hooks, id, `mended: ${what}`, options);
}

const PING_WITHIN_MS = 20_000;

/** GitHub delivers a ping within seconds, and lists the delivery after that. */
async function ping(
  hooks: GitHubHooks,
  id: number,
  what: string,
  { deadline, org }: OrgWebhookOptions,
): Promise<Finding> {
  const check = checkName(org);
  const retry = { deadline };
  const before = await hooks.deliveries(org, id, retry);
  const known = new Set(before.status === 'answered' ? before.value.map(({ guid }) => guid) : []);
  const sent = await hooks.ping(org, id, retry);
  if (sent.status !== 'answered') return unknown(check, `${what}; its ping was refused: ${sent.reason}`);
  const end = Math.min(deadline, Date.now() + PING_WITHIN_MS);
  for (;;) {
    const after = await hooks.deliveries(org, id, retry);
    const delivery =
      after.status === 'answered'
        ? after.value.find(({ event, guid }) => event === 'ping' && !known.has(guid))
        : undefined;
    if (delivery !== undefined || Date.now() > end) return judgeDelivery(check, delivery, what);
    await sleep(250);
  }
}

function judgeDelivery(check: string, delivery: Delivery | undefined, what: string): Finding {
  if (delivery === undefined)
    return limited(check, `${what}; GitHub shows no delivery yet`, 'look at its recent deliveries on GitHub');
  const { event, status_code: status } = delivery;
  if (status >= 200 && status < 300)
    return ok(check, `${what}; its last delivery (${event}) was answered ${status}`);
  const answered = status === 0 ? 'got no answer' : `was answered ${status}`;
  const mendIt =
    status === 401
      ? 'run setup, which gives GitHub the secret of the stack'
      : 'see the log of the function webhook';
  return missing(check, `${what}; its last delivery (${event}) ${answered}`, mendIt);
}

function settingsOf(events: readonly string[], { secret, url }: OrgWebhookOptions): HookSettings {
  return { url, secret, events };
}

function refused(check: string, { reason, status }: OrgRefusal, options: OrgWebhookOptions): Finding {
  return unknown(
    check,
    reason,
    status === 'denied' ? `set GH_TOKEN to an owner's token, or ${byHand(options)}` : 'run it again',
  );
}

function byHand({ org, url }: OrgWebhookOptions): string {
  return `create it in the settings of ${org}: payload URL ${url}, content type application/json, the secret of the output WebhookSecretArn, event "Secret scanning alerts"`;
}

function checkName(org: string): string {
  return `webhook of ${org}`;
}
