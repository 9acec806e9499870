import type { Report } from '../domain/report.ts';
import { preconnect, singleUseAgents } from '../platform/preconnect.ts';
import { sleep } from '../platform/retry.ts';

/** Milliseconds from a container's first request on the wire until the others of its round are too. */
const COLD_ROUND_MS = 5;

/** How many probes prove a token dead when all goes well. */
const PROBES = 3;

let isCold = true;

/**
 * Opens the connections that the later rounds of a report need, so that their handshakes pass while it waits for the
 * first answers. Those that are idle already, in a warm container, count.
 *
 * @param sent resolves once the container's first request is on the wire, which nothing may hold back
 * @param urls base URLs; `github` is left out when GitHub's alerts are not read
 */
export async function openConnections(
  { leak }: Pick<Report, 'leak'>,
  sent: Promise<void>,
  { bucket, devin, github }: { bucket: string; devin: string; github: string | undefined },
): Promise<void> {
  const isAlert = github !== undefined && leak.kind === 'github_alert';
  if (isAlert) preconnect(github);
  const wasCold = isCold;
  isCold = false;
  await sent;
  // After the first round, which takes connections of its own.
  await (wasCold ? sleep(COLD_ROUND_MS) : new Promise((resolve) => setImmediate(resolve)));
  // The listing goes out beside the DELETE, and the proof's control beside its probes, which take one each.
  preconnect(devin, 2);
  preconnect(devin, PROBES, singleUseAgents);
  // The outcome, the note of the token and the record of the alert are stored together. The intent of a key by its ids and
  // its entry in the index are on their way already, on connections that serve again.
  preconnect(bucket, leak.kind === 'key' ? 1 : isAlert ? 3 : 2);
}
