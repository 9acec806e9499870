import * as z from 'zod/mini';
import { ApiKeyId, ServiceUserId } from '../domain/key.ts';
import { GitHubAlertRef, type Report, ReportId } from '../domain/report.ts';
import { Token } from '../domain/token.ts';

/** An event is not what the function takes. The message names every wrong field and quotes no value. */
export class BadEventError extends Error {
  override readonly name = 'BadEventError';
}

// A repository may well be called cog_model.
const LONG_TOKEN = /cog_[A-Za-z0-9]{16}/;

// Strict, unlike other inbound data: a misspelt "dry_run" must not turn a rehearsal into a revocation.
const Request = z.strictObject({
  service_user_id: z.optional(ServiceUserId),
  api_key_id: z.optional(ApiKeyId),
  token: z.optional(z.string().check(z.minLength(1, 'must not be empty'), z.maxLength(8_192, 'is too long'))),
  github_alert: z.optional(
    z.strictObject({
      owner: GitHubAlertRef.shape.owner.check(noToken()),
      repo: GitHubAlertRef.shape.repo.check(noToken()),
      number: GitHubAlertRef.shape.number,
    }),
  ),
  reason: z.optional(z.string().check(z.maxLength(1_000, 'must have 1,000 characters at most'))),
  dry_run: z.optional(z.boolean()),
});

/** A token in the place of an id would be sent in a URL and put on record. */
function noToken() {
  return z.refine<string>((value) => !LONG_TOKEN.test(value), 'must not be a token');
}

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
  // Without the input, a field of the wrong type could not be told from a missing one.
  const parsed = z.safeParse(Request, value, { reportInput: true });
  const wrong = parsed.success ? [] : parsed.error.issues.flatMap(fieldMessages);
  if (isObject(value)) wrong.push(...combination(value));
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
function combination(request: Record<string, unknown>): string[] {
  const has = (name: string): boolean => request[name] !== undefined;
  const ids = ['service_user_id', 'api_key_id'] as const;
  if (has('github_alert')) {
    const others = [...ids, 'token' as const].filter(has);
    return others.map((name) => `${name} can not be combined with github_alert`);
  }
  if (ids.some(has)) return ids.filter((name) => !has(name)).map((name) => `${name} is missing`);
  return has('token') ? [] : ['one of service_user_id with api_key_id, token, or github_alert is missing'];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
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
  return /^(?!.*cog_)[A-Za-z_]{1,32}$/i.test(name) ? name : '[a field whose name is not printed]';
}

function withoutTokens(text: string, token: string | undefined): string {
  const secret = token?.trim() ?? '';
  const cleaned = secret === '' ? text : text.replaceAll(secret, '[redacted]');
  return cleaned.replace(/cog_[\x21-\x7e]*/g, '[redacted]');
}
