import * as z from 'zod/mini';
import { alertReportId, GitHubAlertRef, type LeakReport } from '../domain/report.ts';
import { containsToken } from '../domain/token-forms.ts';

/** What a signed delivery asks for. */
export type Delivery =
  | { readonly kind: 'ping' }
  | { readonly kind: 'report'; readonly report: LeakReport }
  | { readonly kind: 'ignored'; readonly reason: string }
  | { readonly kind: 'malformed'; readonly fields: readonly string[] };

export interface DeliveryOptions {
  /** Secret types that are Devin keys; for a custom pattern, its slug. */
  readonly secretTypes: readonly string[];
  readonly dryRun: boolean;
  /** Epoch milliseconds. */
  readonly now: number;
}

/** Actions after which a live token may be in the open. All others, known or not, are ignored. */
const ACTIONS = new Set(['created', 'reopened', 'publicly_leaked', 'validated']);

const time = z.string().check(z.refine(isDate, 'must be a date'));

// The payload as in @octokit/openapi-webhooks-types, as far as it is read. It never holds the secret.
const Action = z.object({ action: z.string() });
const SecretType = z.object({ alert: z.object({ secret_type: z.string() }) });
const Payload = z.object({
  alert: z.object({ number: GitHubAlertRef.shape.number, created_at: time, updated_at: z.nullish(time) }),
  repository: z.object({
    full_name: z.string().check(z.regex(/^[^/]+\/[^/]+$/)),
    id: z.optional(GitHubAlertRef.shape.number),
  }),
});

/**
 * Reads a GitHub webhook delivery whose signature was verified.
 *
 * @param event the header `X-GitHub-Event`, which is not signed
 * @param body the parsed JSON
 */
export function readDelivery(event: string | undefined, body: unknown, options: DeliveryOptions): Delivery {
  if (event === 'ping') return { kind: 'ping' };
  if (event !== 'secret_scanning_alert') return { kind: 'ignored', reason: 'another event' };

  const action = z.safeParse(Action, body);
  if (!action.success) return malformed(action.error);
  if (!ACTIONS.has(action.data.action)) return { kind: 'ignored', reason: 'another action' };

  const type = z.safeParse(SecretType, body);
  if (!type.success) return malformed(type.error);
  if (!options.secretTypes.includes(type.data.alert.secret_type)) {
    return { kind: 'ignored', reason: 'another secret type' };
  }

  const payload = z.safeParse(Payload, body);
  if (!payload.success) return malformed(payload.error);
  const { alert, repository } = payload.data;
  const ref = alertRef(repository, alert.number);
  if (ref === undefined) return { kind: 'malformed', fields: ['repository.full_name'] };
  return { kind: 'report', report: leakReport(action.data.action, ref, alert, options) };
}

/**
 * The alert of a repository. One whose name contains what looks like a token is addressed by GitHub's number of it, so
 * that its leak is contained all the same and the name is written nowhere.
 *
 * @returns `undefined` when there is no name that GitHub allows
 */
export function alertRef(
  { full_name, id }: { readonly full_name: string; readonly id?: number | undefined },
  number: number,
): GitHubAlertRef | undefined {
  const [owner, repo, ...more] = full_name.split('/');
  if (more.length > 0) return undefined;
  if (!containsToken(full_name)) return z.safeParse(GitHubAlertRef, { owner, repo, number }).data;
  return id === undefined
    ? undefined
    : { owner: 'redacted', repo: `repository-${id}`, number, repository_id: id };
}

function leakReport(
  action: string,
  ref: GitHubAlertRef,
  alert: z.infer<typeof Payload>['alert'],
  { dryRun, now }: DeliveryOptions,
): LeakReport {
  // From the signed body alone: a redelivery has the same body, and headers are not signed.
  const reported_at = Date.parse(alert.updated_at ?? alert.created_at);
  return {
    version: 1,
    report_id: alertReportId(ref, action, reported_at),
    detector: 'github',
    invoked_by: 'webhook',
    reported_at,
    leaked_at: Date.parse(alert.created_at),
    seen_at: now,
    leak: { kind: 'github_alert', ...ref },
    ...(dryRun && { dry_run: true }),
  };
}

/** A date whose year has four digits, since it becomes part of the report's id. */
function isDate(value: string): boolean {
  const at = Date.parse(value);
  return at >= 0 && at < Date.UTC(10_000, 0);
}

function malformed(error: z.core.$ZodError): Delivery {
  return { kind: 'malformed', fields: error.issues.map(({ path }) => path.join('.')) };
}
