import { createHash } from 'node:crypto';
import * as z from 'zod/mini';
import { findTokens } from '../domain/find-tokens.ts';
import { quotesToken, redact } from '../domain/redact.ts';
import type { LeakReport, Report } from '../domain/report.ts';
import { Token } from '../domain/token.ts';
import { caller } from './caller.ts';
import { BadEventError, readRequest } from './request.ts';

/** A leak that a detector named, as far as it can be taken. */
export type LeakItem =
  | { readonly status: 'read'; readonly report: Report }
  | { readonly status: 'refused'; readonly reason: string };

/** What all items of a delivery have in common. */
export interface Delivery {
  readonly detector: LeakReport['detector'];
  /** The same for each repetition of the delivery. */
  readonly id: string;
  /** Epoch milliseconds when it was sent. */
  readonly sentAt: number;
  readonly dryRun: boolean;
  readonly now: number;
}

const text = z.optional(z.string());
/** What is said of a leak. The rest of an item is a request, which names the key. */
const About = z.looseObject({
  source: text,
  url: text,
  note: text,
  detected_at: text,
  // Known to a request by hand alone.
  reason: z.optional(z.never()),
  github_alert: z.optional(z.never()),
});
const MAX_REASON = 1_000;
/** As long as a token can be. Every text of a leak is searched for parts of it, of which a longer one has many. */
const MAX_TOKEN_TEXT = 1_028;
/** A date and time with its offset, RFC 3339. */
const DATE_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/i;
/** The clock of a detector may be ahead by this, as that of a sender may. */
const AHEAD_MS = 5 * 60_000;

/**
 * Reads one leak: `token`, or `service_user_id` with `api_key_id`, or all three; with `source`, `url` (which nobody
 * follows), `note`, `detected_at` and `dry_run`. As with a request by hand, an unknown field is refused.
 */
export function readLeakItem(item: unknown, delivery: Delivery): LeakItem {
  const about = z.safeParse(About, item);
  if (!about.success) return refused(about.error.issues.map(problemOf));
  const { api_key_id, detected_at, dry_run, note, service_user_id, source, token, url, ...unknown } =
    about.data;
  const detectedAt = detected_at === undefined ? undefined : timeOf(detected_at, delivery.now);
  if (detected_at !== undefined && detectedAt === undefined) {
    return refused(['detected_at must be a date and time of the past, such as 2026-11-23T08:42:20Z']);
  }
  if (api_key_id === undefined && service_user_id === undefined && token === undefined) {
    return refused(['token, or service_user_id with api_key_id, is missing']);
  }
  if (typeof token === 'string' && token.length > MAX_TOKEN_TEXT) {
    return refused([`token has over ${MAX_TOKEN_TEXT} characters; send the token alone`]);
  }
  const request = { ...unknown, api_key_id, dry_run, service_user_id, token };
  const known = typeof token === 'string' ? [new Token(token)] : [];
  try {
    const report = readRequest(
      { ...request, reason: reasonOf(note, url, known) },
      {
        detector: delivery.detector,
        invoked_by: 'webhook',
        id: `${nameOf(delivery.id, known)}/${digestOf(request, known)}`,
        // The time of a repetition is another one; that of the leak is not.
        time: detectedAt ?? delivery.sentAt,
        caller: caller(source?.trim().replace(/[^\w@.:/+=,-]+/g, '-')),
      },
    );
    if (known.some((one) => findTokens(one.reveal()).kind === 'none')) {
      return refused(['token holds no Devin token']);
    }
    return {
      status: 'read',
      report: {
        ...report,
        seen_at: delivery.now,
        ...(detectedAt !== undefined && { leaked_at: detectedAt }),
        ...((delivery.dryRun || report.dry_run) && { dry_run: true }),
      },
    };
  } catch (error) {
    if (!(error instanceof BadEventError)) throw error;
    return refused([error.message.replace('bad event: ', '')]);
  }
}

function refused(reasons: readonly string[]): LeakItem {
  return { status: 'refused', reason: [...new Set(reasons)].join('; ') };
}

function problemOf(issue: z.core.$ZodIssue): string {
  const at = issue.path.join('.');
  if (at === '') return 'the leak must be an object';
  return issue.code === 'invalid_type' && issue.expected === 'string'
    ? `${at} must be text`
    : `${at} is not a known field`;
}

/** @returns epoch milliseconds */
function timeOf(date: string, now: number): number | undefined {
  const at = DATE_TIME.test(date) ? Date.parse(date) : Number.NaN;
  return at >= 0 && at <= now + AHEAD_MS ? at : undefined;
}

/** Cut only after tokens are redacted, of which a part would not be known any more. */
function reasonOf(note = '', url: string | undefined, known: readonly Token[]): string | undefined {
  const text = [note, ...(url === undefined ? [] : [`found at ${url}`])]
    .filter((part) => part !== '')
    .join(', ');
  return text === '' ? undefined : redact(text, known).slice(0, MAX_REASON);
}

/** The sender's own id where it can be part of a report's, else a hash of it. */
function nameOf(id: string, known: readonly Token[]): string {
  return /^(?!\.{1,2}$)[A-Za-z0-9_.-]{1,128}$/.test(id) && !quotesToken(id, known) ? id : digest(id);
}

/** The same leak in the same delivery is the same report, and two leaks never are, even if an id is used twice. */
function digestOf({ api_key_id, service_user_id }: Record<string, unknown>, known: readonly Token[]): string {
  const fingerprints = known.map((token) => token.fingerprint());
  return digest(JSON.stringify([service_user_id, api_key_id, ...fingerprints]));
}

function digest(of: string): string {
  return createHash('sha256').update(of).digest('hex').slice(0, 32);
}
