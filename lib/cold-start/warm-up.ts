import { prepareEndings } from '../audit/ocsf-schema.ts';
import { preconnect } from '../platform/preconnect.ts';
import { sleep } from '../platform/retry.ts';

/** Milliseconds from the first request on the wire until the others of its round are too. */
const PREPARE_AFTER_MS = 5;

/**
 * Makes ready what the later steps of a container's first report need, while it waits for the first answers anyway.
 *
 * @param sent resolves once the first request is on the wire
 * @param connections how many have to be idle, by the URL that they lead to
 */
export async function prepare(
  sent: Promise<void>,
  connections: Readonly<Record<string, number>>,
): Promise<void> {
  await sent;
  await sleep(PREPARE_AFTER_MS);
  for (const [url, count] of Object.entries(connections)) preconnect(url, count);
  prepareEndings();
}
