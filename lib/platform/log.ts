import { errorCode } from './error-code.ts';

type Level = 'debug' | 'info' | 'warn' | 'error';

/** Ids, names, counts and states only: never an event, a body, a header, a token or an error itself. */
export type LogFields = Record<string, unknown>;

/** Writes one JSON line to standard output, past Lambda's own console wrapper, so that each line stays JSON. */
export function log(level: Level, message: string, fields: LogFields = {}): void {
  process.stdout.write(`${JSON.stringify({ time: new Date().toISOString(), level, message, ...fields })}\n`);
}

/**
 * Writes something after this turn of the event loop has sent its requests, so that it does not delay them. Only for a
 * step with a request to come, since Lambda freezes a container when its invocation ends.
 */
export function afterSend(write: () => void): void {
  setImmediate(write);
}

/** The same line with a record at its end, which is JSON already. */
export function logRecord(message: string, fields: LogFields, record: string): void {
  const line = JSON.stringify({ time: new Date().toISOString(), level: 'info', message, ...fields });
  process.stdout.write(`${line.slice(0, -1)},"record":${record}}\n`);
}

/** What may be logged of an error: its name and code. Messages and causes may quote input. */
export function errorFields(error: unknown): { error: string; code?: string } {
  if (!(error instanceof Error)) return { error: typeof error };
  const code = errorCode(error);
  return { error: error.name, ...(code !== undefined && { code }) };
}
