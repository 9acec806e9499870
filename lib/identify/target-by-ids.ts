import type { Probe } from '../clients/devin-shapes.ts';
import type { Key } from '../domain/key.ts';
import { type Decided, decided } from '../domain/outcome.ts';
import type { Token } from '../domain/token.ts';
import type { FoundTarget } from './target.ts';
import { tokenOwner } from './token-owner.ts';

/**
 * The report names the key. Its token, where the report has one, must not belong to another service user.
 *
 * @param probe what one use of the token showed
 */
export function targetByIds(
  key: Key,
  token: Token | undefined,
  probe: Probe | undefined,
): FoundTarget | Decided {
  const named = { kind: 'key', key, attribution: { method: 'ids', confidence: 'certain' } } as const;
  if (token === undefined || probe === undefined || probe.state === 'unknown') {
    return { status: 'found', target: { ...named, token } };
  }
  const owner = tokenOwner(probe);
  switch (owner.status) {
    case 'nobody':
      // A token that is dead already proves nothing of the key; the listing does.
      return { status: 'found', target: named };
    case 'decided':
      return decided({ ...key, ...owner.draft });
    case 'service_user':
      return owner.service_user_id === key.service_user_id
        ? { status: 'found', target: { ...named, token, firstUse: owner.apiSecond } }
        : decided({
            status: 'escalated',
            ...key,
            reason: `the report names a key of ${key.service_user_id}, but the token belongs to ${owner.service_user_id}`,
            next_step:
              'find out which is right, and invoke the function with the ids alone or with the token alone',
          });
    default:
      return owner satisfies never;
  }
}
