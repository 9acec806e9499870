import type { Key } from '../../lib/domain/key.ts';
import type { Token } from '../../lib/domain/token.ts';
import type { Line } from '../terminal/terminal.ts';
import type { Noted } from './find-fingerprint.ts';
import type { Target } from './target.ts';

/** The event for the function, and what will be revoked, in words. */
export type Named =
  | {
      readonly kind: 'request';
      readonly what: string;
      readonly request: object;
      readonly shown: readonly Line[];
    }
  | { readonly kind: 'undecided'; readonly lines: readonly Line[] };

export interface NamingParts {
  readonly readToken: () => Promise<Token>;
  readonly find: (fingerprint: string) => Promise<Noted>;
  readonly madeUp: Key | undefined;
}

/** Turns a target into the event of a direct invoke. A fingerprint becomes the ids that the registry names. */
export async function requestOf(target: Target, { find, madeUp, readToken }: NamingParts): Promise<Named> {
  switch (target.kind) {
    case 'key':
      return byIds(target.key);
    case 'token': {
      const token = await readToken();
      const request = { token: token.reveal() };
      return { kind: 'request', what: 'the Devin key that the token is of', request, shown: [] };
    }
    case 'alert': {
      const { number, owner, repo } = target.alert;
      const what = `the Devin key in alert ${number} of ${owner}/${repo}, and resolves the alert`;
      return { kind: 'request', what, request: { github_alert: target.alert }, shown: [] };
    }
    case 'fingerprint':
      return byEntry(await find(target.fingerprint));
    case 'made_up':
      if (madeUp === undefined) throw new TypeError('only the sandbox makes a key up');
      return byIds(madeUp);
    default:
      return target satisfies never;
  }
}

function byIds({ api_key_id, service_user_id }: Key, shown: readonly Line[] = []): Named {
  const what = `API key ${api_key_id} of ${service_user_id}`;
  return { kind: 'request', what, request: { service_user_id, api_key_id }, shown };
}

function byEntry(noted: Noted): Named {
  switch (noted.status) {
    case 'unknown':
      return undecided('the registry does not know this fingerprint: go by --token, or by the ids');
    case 'unreadable':
      return undecided(`the registry cannot be read (${noted.reason}): go by --token, or by the ids`);
    case 'found': {
      const { api_key_id, confidence, method, service_user_id, source } = noted.entry;
      const found = `the registry: API key ${api_key_id} of ${service_user_id}, confidence ${confidence} (${source}, ${method.replaceAll('_', ' ')})`;
      // What a death by elimination left behind names no key, as when the function reads it.
      return confidence === 'medium'
        ? undecided(
            found,
            `that is not sure enough: --service-user ${service_user_id} --key ${api_key_id} if it is right`,
          )
        : byIds({ service_user_id, api_key_id }, [found]);
    }
    default:
      return noted satisfies never;
  }
}

function undecided(...texts: readonly string[]): Named {
  return { kind: 'undecided', lines: texts.map((text) => ({ text, style: 'yellow' })) };
}
