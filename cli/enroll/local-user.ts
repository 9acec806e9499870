import { userInfo } from 'node:os';
import { caller } from '../../lib/intake/caller.ts';

/** The user of this computer, as far as it has a name that a record may hold. CloudTrail knows the principal of AWS. */
export function localUser(): string | undefined {
  try {
    return caller(userInfo().username);
  } catch {
    // The user id has no entry, as in some containers.
    return undefined;
  }
}
