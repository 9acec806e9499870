import type { Act } from '../../audit/act-record.ts';
import type { Order } from './read-order.ts';

/**
 * What of an order is an act of a person, for the audit log.
 *
 * @param by who invoked the function, as far as the event says
 * @param time epoch milliseconds
 * @returns `undefined` for what a schedule or the function's own queue started
 */
export function actOf(order: Order, by: string | undefined, time: number): Act | undefined {
  switch (order.order) {
    case 'release':
      return { act: 'release', subject: order.plan_id, reason: order.reason, by, time };
    case 'stop':
    case 'resume':
      return { act: order.order, reason: order.reason, by, time };
    case 'start':
      return order.invoked_by === 'console' ? { act: 'sweep', subject: order.plan_id, by, time } : undefined;
    case 'continue':
      return undefined;
    default:
      return order satisfies never;
  }
}
