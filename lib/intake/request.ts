import * as z from 'zod/mini';
import { ApiKeyId, ServiceUserId } from '../domain/key.ts';
import { quotesToken, redact } from '../domain/redact.ts';
import { GitHubAlertRef, type LeakReport, type Report, ReportId } from '../domain/report.ts';
import { Token } from '../domain/token.ts';

/** The event is not one that the function accepts. The message names every wrong field and quotes no value. */
export class BadEventError extends Error {
  override readonly name = 'BadEventError';
}

const MAX_TOKEN = 8_192;

// Strict, unlike other inbound data: a misspelt "dry_run" must not turn a rehearsal into a revocation.
const Request = z.strictObject({
  service_user_id: z.optional(ServiceUserId),
  api_key_id: z.optional(ApiKeyId),
  token: z.optional(
    z.string().check(z.minLength(1, 'must not be empty'), z.maxLength(MAX_TOKEN, 'is too long')),
  ),
  github_alert: z.optional(z.strictObject(GitHubAlertRef.shape)),
  reason: z.optional(z.string().check(z.maxLength(1_000, 'must have 1,000 characters at most'))),
  dry_run: z.optional(z.boolean()),
});

/** Where a request came from: an id and a time that stay the same when it is delivered again. */
export interface Origin {
  readonly detector: LeakReport['detector'];
  readonly invoked_by: LeakReport['invoked_by'];
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
  const secrets = secretsOf(value);
  // Without the input, a field of the wrong type looks like a missing one.
  const parsed = z.safeParse(Request, value, { reportInput: true });
  const wrong = parsed.success ? [] : parsed.error.issues.flatMap(fieldMessages);
  if (isObject(value)) wrong.push(...combination(value), ...tokensInNames(value, secrets));
  const report_id = z.safeParse(ReportId, `${detector}/${id}`);
  const isId = report_id.success && !quotesToken(id, secrets);
  if (!isId) wrong.push('id is not an event id');
  if (!parsed.success || !isId || wrong.length > 0) throw badEvent(wrong);

  const { dry_run, reason, token } = parsed.data;
  return {
    version: 1,
    report_id: report_id.data,
    detector,
    invoked_by,
    ...(caller !== undefined && !quotesToken(caller, secrets) && { caller }),
    reported_at: time,
    seen_at: Date.now(),
    leak: leakOf(parsed.data),
    ...(token !== undefined && { token: new Token(token) }),
    ...(reason !== undefined && { reason: redact(reason, secrets) }),
    ...(dry_run !== undefined && { dry_run }),
  };
}

function leakOf({ api_key_id, github_alert, service_user_id }: z.infer<typeof Request>): Report['leak'] {
  if (github_alert !== undefined) return { kind: 'github_alert', ...github_alert };
  if (service_user_id !== undefined && api_key_id !== undefined) {
    return { kind: 'key', service_user_id, api_key_id };
  }
  return { kind: 'token' };
}

/** The token that the request reports, which no other field may quote. */
function secretsOf(value: unknown): Token[] {
  const token = isObject(value) ? value.token : undefined;
  return typeof token === 'string' && token.length <= MAX_TOKEN ? [new Token(token)] : [];
}

export function badEvent(wrong: readonly string[]): BadEventError {
  return new BadEventError(`bad event: ${[...new Set(wrong)].join('; ')}`);
}

/** What leaked is named in exactly one way: ids (with or without their token), a token, or an alert. */
function combination(request: Record<string, unknown>): string[] {
  const has = (name: string): boolean => request[name] !== undefined;
  const ids = ['service_user_id', 'api_key_id'] as const;
  if (has('github_alert')) {
    const others = [...ids, 'token' as const].filter(has);
    return others.map((name) => `${name} cannot be combined with github_alert`);
  }
  if (ids.some(has)) return ids.filter((name) => !has(name)).map((name) => `${name} is missing`);
  return has('token') ? [] : ['one of service_user_id with api_key_id, token, or github_alert is missing'];
}

/** A token instead of an id would be sent in a URL and put on record. */
function tokensInNames(request: Record<string, unknown>, secrets: readonly Token[]): string[] {
  const { api_key_id, github_alert, service_user_id } = request;
  const { owner, repo } = isObject(github_alert) ? github_alert : {};
  const names = { service_user_id, api_key_id, 'github_alert.owner': owner, 'github_alert.repo': repo };
  return Object.entries(names).flatMap(([name, value]) =>
    typeof value === 'string' && quotesToken(value, secrets) ? [`${name} must not be a token`] : [],
  );
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

/** A field's name as it may be printed: none that could be a secret in the wrong place. */
function printable(name: string): string {
  return /^(?!.*cog_)[A-Za-z_]{1,32}$/i.test(name) ? name : '[a field whose name is not printed]';
}
