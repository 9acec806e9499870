import type { SQSRecord } from 'aws-lambda';
import type { Ended, FollowUpParts } from './follow-up-parts.ts';

// In the worker's bundle, which a cold start compiles whole: all that follows a report lies beside it, in follow-all.ts.

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

/**
 * Looks at what followed the reports of an invocation, after all of them have ended, and at what messages ask for. A
 * finished report stays finished.
 *
 * @param answer to the reports
 * @returns the same, with the messages that have to come back
 */
export async function followUp<Answer>(
  answer: Answer,
  what: { readonly ended: readonly Ended[]; readonly messages: readonly SQSRecord[] },
  parts: FollowUpParts,
) {
  if (what.messages.length === 0 && !what.ended.some(({ outcome }) => outcome.service_user_id)) return answer;
  const { followAll } = await load();
  return followAll(answer, what, parts);
}

/** Does what a person asks for with `{"aftermath": …}`. @throws {BadEventError} */
export async function answerAsked(event: unknown, parts: FollowUpParts) {
  return (await load()).followAsked(event, parts);
}

function load() {
  return import('./follow-all.ts');
}
