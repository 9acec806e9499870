import type { FollowUpParts, SettleReports } from './follow-up-parts.ts';

// In the worker's bundle, which a cold start compiles whole: all that follows a report lies beside it, in follow-all.ts.

/** A message on the queue that may be the request of an aftermath, or `{"aftermath": …}`, with which a person asks. */
const MAY_ASK = /\\"aftermath\\"|"aftermath":/;

/**
 * Ends the reports of an event; after all of them have ended, tells people, and looks at what followed them and at what the
 * event itself asks for. A finished report stays finished.
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
  const settled = await settle(event);
  if (settled.ended.length === 0) return settled.answer;
  return (await load()).followAll(settled, [], parts);
}

function load() {
  return import('./follow-all.ts');
}
