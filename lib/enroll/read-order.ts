import * as z from 'zod/mini';
import { badEvent } from '../intake/request.ts';

const Scheduled = z.union([
  z.strictObject({ scheduled_at: z.string() }),
  z.object({ 'detail-type': z.literal('Scheduled Event') }),
]);
/** What a person sends. */
const ByHand = z.strictObject({
  reason: z.optional(z.string().check(z.minLength(1, 'must not be empty'), z.maxLength(500, 'is too long'))),
});

/** Who started the enrolment. */
export type EnrolOrder =
  | { readonly invokedBy: 'schedule' }
  | { readonly invokedBy: 'console'; readonly reason?: string | undefined };

/** @throws {BadEventError} */
export function readOrder(event: unknown): EnrolOrder {
  if (Scheduled.safeParse(event).success) return { invokedBy: 'schedule' };
  const { data } = ByHand.safeParse(event ?? {});
  if (data === undefined) throw badEvent(['must be {} or {"reason"}']);
  return { invokedBy: 'console', reason: data.reason };
}
