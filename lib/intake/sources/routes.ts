import type { Source } from '../source.ts';
import type { SecretName } from '../webhook-secrets.ts';
import { github } from './github.ts';
import type { Path } from './paths.ts';

/** One way in over the function URL. */
export interface Route {
  /** Which of the webhook's secrets its senders know. */
  readonly secret: SecretName;
  load(): Source | Promise<Source>;
}

const loadStandard = async () => (await import('./standard-webhooks.ts')).standardWebhooks;
const loadGitlab = async () => (await import('./gitlab.ts')).gitlab;

/** All ways in, by their paths. A delivery of GitHub loads nothing of the others, which lie beside the bundle. */
export const ROUTES: Readonly<Record<Path, Route>> = {
  '/': { secret: 'github', load: () => github },
  '/leaks': { secret: 'standard', load: loadStandard },
  '/v1/revocable_token_types': { secret: 'gitlab', load: loadGitlab },
  '/v1/revoke_tokens': { secret: 'gitlab', load: loadGitlab },
};
