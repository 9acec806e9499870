import type { Source } from '../source.ts';
import type { SecretName } from '../webhook-secrets.ts';
import { github } from './github.ts';

/** One way in over the function URL. */
export interface Route {
  readonly method: 'GET' | 'POST';
  /** Which of the webhook's secrets its senders know. */
  readonly secret: SecretName;
  load(): Source | Promise<Source>;
}

const loadStandard = async () => (await import('./standard-webhooks.ts')).standardWebhooks;
const loadGitlab = async () => (await import('./gitlab.ts')).gitlab;

/** All ways in, by their paths. A delivery of GitHub loads nothing of the others, which lie beside the bundle. */
export const ROUTES: ReadonlyMap<string, Route> = new Map([
  ['/', { method: 'POST', secret: 'github', load: () => github }],
  ['/leaks', { method: 'POST', secret: 'standard', load: loadStandard }],
  ['/v1/revocable_token_types', { method: 'GET', secret: 'gitlab', load: loadGitlab }],
  ['/v1/revoke_tokens', { method: 'POST', secret: 'gitlab', load: loadGitlab }],
]);
