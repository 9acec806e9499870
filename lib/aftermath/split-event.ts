import type { SQSRecord } from 'aws-lambda';

/** The messages of an event that are about an aftermath, and what is left of it for the reports. */
export interface SplitEvent {
  readonly messages: readonly SQSRecord[];
  readonly rest: unknown;
  /** It is `{"aftermath": …}`, with which a person asks. */
  readonly asked: boolean;
}

export function splitEvent(event: unknown): SplitEvent {
  const { Records: records, aftermath } = isRecord(event) ? event : {};
  const asked = aftermath !== undefined;
  if (!Array.isArray(records)) return { messages: [], rest: event, asked };
  const rest = { Records: records.filter((record) => !isMessage(record)) };
  return { messages: records.filter(isMessage), rest, asked };
}

/** Whether a message of the queue is the request of an aftermath, and not a report. */
function isMessage(record: unknown): record is SQSRecord {
  return isRecord(record) && /"kind"\s*:\s*"aftermath"/.test(String(record.body));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
