import type { ActParts } from '../../audit/record-act.ts';
import { actOf } from './act-of.ts';
import type { Order } from './read-order.ts';

/**
 * Puts on record what a person ordered. The code for it is beside the bundle: most runs are of the schedule.
 *
 * @param by who invoked the function, as far as the event says
 * @throws {AuditStoreError} when it is not stored
 */
export async function recordActOf(order: Order, by: string | undefined, parts: ActParts): Promise<void> {
  const act = actOf(order, by, Date.now());
  if (act === undefined) return;
  const { recordAct } = await import('../../audit/record-act.ts');
  await recordAct(act, parts);
}
