import * as z from 'zod/mini';
import { containsToken } from './token-forms.ts';

/**
 * Ids that enter a URL path. Only characters that mean nothing there are taken (RFC 3986 "unreserved"), and no id
 * made of dots alone; they are encoded all the same.
 */
export const ServiceUserId = z
  .string()
  .check(
    z.regex(
      /^service-user-[A-Za-z0-9_-]{1,128}$/,
      'must be "service-user-" and letters, digits, "-" or "_", 128 at most',
    ),
    notToken(),
  );
export const ApiKeyId = z
  .string()
  .check(
    z.regex(/^(?!\.+$)[A-Za-z0-9._~-]{1,256}$/, 'must be letters, digits, ".", "_", "~" or "-", 256 at most'),
    notToken(),
  );

/** A token instead of an id would be sent in a URL and put on record. */
function notToken() {
  return z.refine<string>((value) => !containsToken(value), 'must not be a token');
}

/** What the API revokes. */
export const Key = z.object({ service_user_id: ServiceUserId, api_key_id: ApiKeyId });
export type Key = z.infer<typeof Key>;
