import * as z from 'zod/mini';
import { ServiceUserId } from '../domain/key.ts';
import { badEvent } from '../intake/request.ts';

const Asked = z.strictObject({ drill: z.strictObject({ service_user_id: ServiceUserId }) });
const Scheduled = z.strictObject({ scheduled_at: z.string() });

/**
 * Whose key is made and leaked: `{"drill": {"service_user_id": "…"}}`, or a run of the schedule, for the service user of
 * the settings.
 *
 * @throws {BadEventError} which quotes no value
 */
export function readDrillEvent(event: unknown, configured: string | undefined): string {
  const asked = z.safeParse(Asked, event);
  if (asked.success) return asked.data.drill.service_user_id;
  if (!z.safeParse(Scheduled, event).success) {
    throw badEvent(['it must be {"drill": {"service_user_id": "service-user-…"}}']);
  }
  if (configured === undefined) throw badEvent(['DRILL_SERVICE_USER_ID is not set']);
  return configured;
}
