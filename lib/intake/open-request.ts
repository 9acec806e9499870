import * as z from 'zod/mini';
import { badEvent } from './request.ts';
import { SealedToken } from './sealed-token.ts';
import { openSealed, type Sealing } from './sealing.ts';

/** A request with its token in clear, in memory alone, and the rest of the id that it was sealed for. */
export interface OpenedRequest {
  readonly request: Readonly<Record<string, unknown>>;
  readonly id: string;
}

/**
 * Opens the sealed token of a request. Its sender chooses the report's id, under which it was sealed.
 *
 * @param prefix what the id of a report from there begins with, such as `eventbridge/`
 * @throws {BadEventError | DataKeyError | SealedTokenError | ConfigError}
 */
export async function openRequest(
  { sealed, ...request }: Readonly<Record<string, unknown>>,
  prefix: string,
  sealing: Sealing,
): Promise<OpenedRequest> {
  const parsed = z.safeParse(SealedToken, sealed);
  const wrong = parsed.success ? [] : parsed.error.issues.map(({ path }) => ['sealed', ...path].join('.'));
  if (request.token !== undefined) wrong.push('token');
  const id = parsed.data?.report_id ?? '';
  if (parsed.success && !id.startsWith(prefix)) wrong.push('sealed.report_id');
  if (!parsed.success || wrong.length > 0)
    throw badEvent(wrong.map((name) => `${name} is not valid with a sealed token`));
  const token = await openSealed(parsed.data, sealing);
  return { request: { ...request, token: token.reveal() }, id: id.slice(prefix.length) };
}
