import { HttpFailure, type HttpRequest, type HttpResponse, send } from './http.ts';

export interface RetryOptions {
  /** Epoch milliseconds after which no further attempt starts. */
  readonly deadline: number;
  /** At most this many attempts, the first included; without it six, and those that were answered 429 do not count. */
  readonly attempts?: number;
  /** Milliseconds for one attempt. */
  readonly timeoutMs?: number;
  /** Whether an answer is final although its status is 429 or 5xx. */
  readonly isFinal?: (response: HttpResponse) => boolean;
}

export interface Retried {
  readonly response: HttpResponse;
  readonly attempts: number;
  /** An earlier attempt got no answer or a 5xx, so it may have taken effect. */
  readonly uncertain: boolean;
}

const ATTEMPTS = 6;
const BASE_MS = 100;
const CAP_MS = 5_000;

/**
 * Sends an idempotent request until it gets an answer other than 429 or 5xx, with exponential backoff and full jitter
 * (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/), honouring `Retry-After`.
 * When attempts or time run out, the last answer is returned as it is.
 *
 * @throws {HttpFailure} when the last attempt got no answer
 */
export async function sendRetrying(
  request: Omit<HttpRequest, 'timeoutMs'>,
  { deadline, attempts, timeoutMs = 5_000, isFinal = () => false }: RetryOptions,
): Promise<Retried> {
  let uncertain = false;
  let limited = 0;
  for (let attempt = 1; ; attempt++) {
    const left = deadline - Date.now();
    const result = await attemptOnce({ ...request, timeoutMs: Math.max(1, Math.min(timeoutMs, left)) });
    const answered = !(result instanceof HttpFailure);
    if (answered && (!isTransient(result.status) || isFinal(result))) {
      return { response: result, attempts: attempt, uncertain };
    }

    const pause = answered ? (retryAfterMs(result) ?? jitter(attempt)) : jitter(attempt);
    // The API works and asks for time: in a burst of leaks, that is no reason to give one of them up.
    if (answered && result.status === 429) limited += 1;
    const isLast = attempts === undefined ? attempt - limited >= ATTEMPTS : attempt >= attempts;
    if (isLast || Date.now() + pause >= deadline) {
      if (!answered) throw result;
      return { response: result, attempts: attempt, uncertain };
    }
    uncertain ||= !answered || result.status >= 500;
    await sleep(pause);
  }
}

/** Whether a retry may get another answer: 429 and 5xx. */
export function isTransient(status: number): boolean {
  return status === 429 || status >= 500;
}

/** Milliseconds to wait by `Retry-After`, which holds seconds or an HTTP date (RFC 9110, section 10.2.3). */
export function retryAfterMs({ headers }: HttpResponse, now = Date.now()): number | undefined {
  const value = headers['retry-after']?.trim() ?? '';
  if (/^\d+$/.test(value)) return Number(value) * 1_000;
  // Every form of an HTTP date begins with a day's name; Date.parse alone reads "-5" as a date in the past.
  const date = /^[A-Z][a-z]/.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

/** Milliseconds before the next attempt: uniform between 0 and an exponentially growing cap. */
export function jitter(attempt: number, random = Math.random): number {
  return random() * Math.min(CAP_MS, BASE_MS * 2 ** attempt);
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function attemptOnce(request: HttpRequest): Promise<HttpResponse | HttpFailure> {
  try {
    return await send(request);
  } catch (error) {
    if (error instanceof HttpFailure) return error;
    throw error;
  }
}
