import * as z from 'zod/mini';
import { ApiKeyId, ServiceUserId } from '../key.ts';
import { GitHubAlertRef, type Report, ReportId } from '../report.ts';
import { Token } from '../token.ts';

/** An event is not what the function takes. The message names every wrong field and quotes no value. */
export class BadEventError extends Error {
  override readonly name = 'BadEventError';
}

// Strict, unlike other inbound data: a misspelt "dry_run" must not turn a rehearsal into a revocation.
const Request = z.strictObject({
  service_user_id: z.optional(ServiceUserId),
  api_key_id: z.optional(ApiKeyId),
  token: z.optional(z.string().check(z.minLength(1, 'must not be empty'), z.maxLength(8_192, 'is too long'))),
  github_alert: z.optional(z.strictObject(GitHubAlertRef.shape)),
  reason: z.optional(z.string().check(z.maxLength(1_000, 'must have 1,000 characters at most'))),
  dry_run: z.optional(z.boolean()),
});
type Request = z.infer<typeof Request>;

/** Where a request came from; an id and a time that stay the same when it is delivered again. */
export interface Origin {
  readonly detector: 'console' | 'eventbridge';
  readonly invoked_by: 'console' | 'event';
  readonly id: string;
  /** Epoch milliseconds. */
  readonly time: number;
  readonly caller?: string | undefined;
}

/**
 * Reads the request of a direct invoke (console, CLI) or of an EventBridge event's `detail`: a key by its ids, a
 * token, both, or a GitHub alert.
 *
 * @throws {BadEventError}
 */
export function readRequest(value: unknown, { caller, detector, id, invoked_by, time }: Origin): Report {
  const parsed = z.safeParse(Request, value);
  const wrong = parsed.success ? combination(parsed.data) : parsed.error.issues.flatMap(fieldMessages);
  const report_id = z.safeParse(ReportId, `${detector}/${id}`);
  if (!report_id.success) wrong.push('id is not an event id');
  if (!parsed.success || !report_id.success || wrong.length > 0) throw badEvent(wrong);

  const { api_key_id, dry_run, github_alert, reason, service_user_id, token } = parsed.data;
  return {
    version: 1,
    report_id: report_id.data,
    detector,
    invoked_by,
    ...(caller !== undefined && { caller }),
    reported_at: time,
    seen_at: Date.now(),
    leak: github_alert
      ? { kind: 'github_alert', ...github_alert }
      : service_user_id !== undefined && api_key_id !== undefined
        ? { kind: 'key', service_user_id, api_key_id }
        : { kind: 'token' },
    ...(token !== undefined && { token: new Token(token) }),
    ...(reason !== undefined && { reason: withoutTokens(reason, token) }),
    ...(dry_run !== undefined && { dry_run }),
  };
}

export function badEvent(wrong: readonly string[]): BadEventError {
  return new BadEventError(`bad event: ${wrong.join('; ')}`);
}

/** What leaked must be said in one way: ids (with or without their token), a token, or an alert. */
function combination(request: Request): string[] {
  const has = (name: keyof Request): boolean => request[name] !== undefined;
  const ids = ['service_user_id', 'api_key_id'] as const;
  if (has('github_alert')) {
    const others = [...ids, 'token' as const].filter(has);
    return others.map((name) => `${name} can not be combined with github_alert`);
  }
  if (ids.some(has)) return ids.filter((name) => !has(name)).map((name) => `${name} is missing`);
  return has('token') ? [] : ['one of service_user_id with api_key_id, token, or github_alert is missing'];
}

function fieldMessages(issue: z.core.$ZodIssue): string[] {
  const at = issue.path.join('.');
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map(
      (name) => `${[...(at === '' ? [] : [at]), printable(name)].join('.')} is not a known field`,
    );
  }
  if (issue.code === 'invalid_type') {
    return [
      issue.input === undefined && at !== ''
        ? `${at} is missing`
        : `${at || 'the event'} must be ${article(issue.expected)}`,
    ];
  }
  return [`${at || 'the event'} ${issue.message.replace(/^Invalid input(: )?/, 'is not valid ')}`.trim()];
}

function article(type: string): string {
  return /^[aeio]/.test(type) ? `an ${type}` : `a ${type}`;
}

/** A field's name as it may be printed: not one that could be a secret which landed in the wrong place. */
function printable(name: string): string {
  return /^[A-Za-z_]{1,32}$/.test(name) ? name : '[a field whose name is not printed]';
}

function withoutTokens(text: string, token: string | undefined): string {
  const cleaned = token === undefined ? text : text.replaceAll(token, '[redacted]');
  return cleaned.replace(/cog_[\x21-\x7e]*/g, '[redacted]');
}
