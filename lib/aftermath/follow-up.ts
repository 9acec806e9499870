import type { FollowUpParts, SettleReports } from './follow-up-parts.ts';

// In the worker's bundle, which a cold start compiles whole: all that follows a report lies beside it, in follow-all.ts.

/** A message on the queue that may be the request of an aftermath, or `{"aftermath": …}`, with which a person asks. */
const MAY_ASK = /\\"aftermath\\"|"aftermath":/;

/**
 * Ends the reports of an event, and looks at what followed them after all of them have ended, and at what the event itself
 * asks for. A finished report stays finished.
 *
 * @returns the answer to the reports with the messages that have to come back, or what a person asked for
 * @throws {BadEventError}
 */
export async function withAftermath<Answer>(
  event: unknown,
  parts: FollowUpParts,
  settle: SettleReports<Answer>,
) {
  if (MAY_ASK.test(JSON.stringify(event))) return (await load()).followEvent(event, parts, settle);
  const { answer, ended } = await settle(event);
  if (ended.length === 0) return answer;
  return (await load()).followAll(answer, { ended, messages: [] }, parts);
}

function load() {
  return import('./follow-all.ts');
}
