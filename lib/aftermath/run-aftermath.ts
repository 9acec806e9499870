import { type AftermathStamp, aftermathName } from '../audit/aftermath-record.ts';
import { recordPath } from '../audit/record-path.ts';
import { devinActivity } from '../clients/devin-activity.ts';
import { AftermathRequest } from '../domain/aftermath.ts';
import { log } from '../platform/log.ts';
import { parseJson } from '../platform/parse-json.ts';
import { actOn } from './act-on.ts';
import type { AftermathParts, AftermathResult } from './aftermath-parts.ts';
import { buildAftermath } from './build-aftermath.ts';
import { earlierIntents, recordIntent } from './end-intents.ts';
import { lookAt } from './look-at.ts';
import { forwarded, progress, recordAftermath } from './record-aftermath.ts';
import { mayTryAgain, tryAgain } from './try-again.ts';
import { withoutTokens } from './without-tokens.ts';

/** Reads a message of the queue. @returns `undefined` when it is not the request of an aftermath */
export function readAftermathRequest(body: string): AftermathRequest | undefined {
  return parseJson(body, AftermathRequest);
}

/** Looks at what was done since the leak, acts on it where it may, and puts it on record, once for each report. */
export async function runAftermath(
  request: AftermathRequest,
  parts: AftermathParts,
): Promise<AftermathResult> {
  const name = aftermathName(request);
  const path = recordPath(request.report, name);
  const retry = { deadline: parts.deadline, attempts: 4 };
  const earlier = await parts.store.get(path, retry);
  if (earlier.ok && earlier.text !== undefined) {
    const isForwarded = await forwarded(earlier.text, parts);
    return isForwarded ? { status: 'on_record' } : tryAgain(request, 'the SIEM did not take it', parts);
  }

  const mode = request.report_only ? 'report' : parts.mode;
  const activity = devinActivity(parts.devinUrl, parts.credential);
  const sight = await lookAt(request, { ...parts, activity, retry });
  const stamp = stampOf(request, parts);
  const deeds = await actOn(request, sight, {
    ...parts,
    mode,
    activity,
    retry,
    recordIntent: (session) => recordIntent(request, session, stamp, parts),
    earlierIntents: () => earlierIntents(request, parts),
  });
  const facts = withoutTokens(buildAftermath(request, mode, sight, deeds), parts.known ?? []);
  const missing = [...sight.problems, ...deeds.problems].find(({ retryable }) => retryable);
  if (missing !== undefined && mayTryAgain(request, parts)) {
    log('warn', 'aftermath not complete', { ...progress(request, facts), reason: missing.reason });
    return tryAgain(request, missing.reason, parts);
  }
  return recordAftermath(request, facts, { path, stamp: stamp(name) }, parts);
}

function stampOf({ attempt, report }: AftermathRequest, { context }: AftermathParts) {
  return (name: string): AftermathStamp => ({
    report,
    context: { ...context, attempt },
    name,
    time: Date.now(),
  });
}
