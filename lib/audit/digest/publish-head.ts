import { log } from '../../platform/log.ts';
import { count } from '../../platform/metrics.ts';
import { sleep } from '../../platform/retry.ts';
import { DigestFacts, digestRecord } from '../act-record.ts';
import type { AuditContext } from '../audit-entry.ts';
import type { Forward } from '../forward-to-siem.ts';
import { serialiseAs } from '../ocsf-schema.ts';
import { type Digest, formatHead, type Head } from './format.ts';
import type { DigestParts } from './write-digests.ts';

interface Recipients {
  /** A mail to people. It never fails. */
  readonly notify?: ((subject: string, text: string) => Promise<unknown>) | undefined;
  readonly forward?: Forward | undefined;
  readonly context: Omit<AuditContext, 'attempt'>;
  /** Epoch milliseconds. */
  readonly deadline: number;
}

/** A SIEM that failed is left alone for 30 s; afterwards it is tried once more. */
const PAUSE_MS = 31_000;

/** Sends the head of each digest to people and to the SIEM, so that it is known outside the account. */
export function headPublisher({ context, deadline, forward, notify }: Recipients): DigestParts['publish'] {
  async function post(body: string): Promise<boolean> {
    if (forward === undefined || (await forward.post(body, deadline))) return true;
    if (Date.now() + 2 * PAUSE_MS > deadline) return false;
    await sleep(PAUSE_MS);
    return forward.post(body, deadline);
  }
  return async (head, digest) => {
    const { anomalies, counts, created_at, day, late } = digest;
    const facts = { day, head: formatHead(head), late, anomalies, counts };
    const body = serialiseAs(DigestFacts, digestRecord(facts, Date.parse(created_at), context), String);
    const [, isPosted] = await Promise.all([notify?.(subject(digest), text(head, digest)), post(body)]);
    if (isPosted) return;
    count('HeadNotForwarded', {});
    log('error', 'the head of a digest was not forwarded', { head: formatHead(head) });
  };
}

function subject({ anomalies, day, late }: Digest): string {
  return `Audit log of ${day} signed${late ? ', late' : ''}${anomalies > 0 ? `, ${anomalies} anomalies` : ''}`;
}

function text(head: Head, { anomalies, bucket, counts, late }: Digest): string {
  const held = Object.entries(counts).map(([kind, number]) => `${number} ${kind}`);
  return [
    formatHead(head),
    '',
    `This is the head of the audit log in ${bucket}. Keep it outside the account: it proves that nothing up to this day`,
    'was replaced afterwards. To check it: npm run audit-log -- verify s3://<bucket> --key <file> --expect-head <the line above>',
    '',
    `Objects of the day: ${held.join(', ') || 'none'}.`,
    ...(late ? ['It was signed more than a day after the end of its day. Find out why.'] : []),
    ...(anomalies > 0
      ? [
          `${anomalies} objects have more than one version, or were deleted. Nothing of this software does that.`,
        ]
      : []),
  ].join('\n');
}
