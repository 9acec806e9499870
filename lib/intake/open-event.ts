import { openRequest } from './open-request.ts';
import type { Sealing } from './sealing.ts';

// Beside the worker's bundle: few events have a sealed token.

/**
 * The same event with its token opened, and under the id that the token was sealed for. The token is in memory alone.
 *
 * @throws {BadEventError | DataKeyError | SealedTokenError | ConfigError}
 */
export async function openEvent(
  event: Readonly<Record<string, unknown>>,
  detail: Readonly<Record<string, unknown>>,
  sealing: Sealing,
): Promise<Readonly<Record<string, unknown>>> {
  const { id, request } = await openRequest(detail, 'eventbridge/', sealing);
  return { ...event, id, detail: request };
}
