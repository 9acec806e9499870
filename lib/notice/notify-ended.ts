import { recordFolder } from '../audit/record-path.ts';
import type { Notify } from '../aws/sns.ts';
import type { AuditStore } from '../aws/write-once-bucket.ts';
import { redact } from '../domain/redact.ts';
import { errorFields, log } from '../platform/log.ts';
import { count } from '../platform/metrics.ts';
import { chatContent } from './chat-content.ts';
import { describeOutcome, type Places } from './describe-outcome.ts';
import type { Ended } from './ended.ts';
import { mailText } from './mail-text.ts';
import { shouldNotify } from './should-notify.ts';

export interface NotifyParts {
  readonly settings: 'all' | 'needs-person';
  readonly places: Places;
  readonly notify: Notify;
  /** Not the store that notes: no digest lists what is noted here. */
  readonly store: Pick<AuditStore, 'put'>;
}

/** Milliseconds in which the note must be stored. */
const NOTE_WITHIN_MS = 3_000;

/**
 * Tells people how a report ended, once for each way in which it may end. It never rejects: a message that did not go out brings
 * nothing back, and is counted.
 */
export async function notifyEnded(
  ended: Ended,
  { notify, places, settings, store }: NotifyParts,
): Promise<void> {
  const { report } = ended;
  if (!shouldNotify(ended, settings)) return;
  try {
    const path = `index/notified/${recordFolder(report)}${kindOf(ended)}.json`;
    // Rather twice than not at all, when the store is down.
    const { result } = await store.put(path, {}, { deadline: Date.now() + NOTE_WITHIN_MS, attempts: 2 });
    if (result === 'exists') return;
    const notice = describeOutcome(ended, places);
    const { id, subject, thread } = notice;
    const known = report.token === undefined ? [] : [report.token];
    const { description, nextSteps = [], ...chat } = chatContent(notice);
    await notify(redact(subject, known), redact(mailText(notice), known), {
      id,
      thread,
      chat: {
        ...chat,
        description: redact(description, known),
        nextSteps: nextSteps.map((step) => redact(step, known)),
      },
    });
  } catch (error) {
    count('NotificationFailed', {});
    log('error', 'not notified', { report_id: report.report_id, ...errorFields(error) });
  }
}

/** A failure that lasts and one for good are told apart, since one may follow the other. */
function kindOf({ outcome }: Ended): string {
  return outcome.status === 'failed' && outcome.retryable ? 'failed-retried' : outcome.status;
}
