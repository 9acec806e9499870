import type { DevinState, Principal } from './devin-state.ts';

export type NodeKnobs = {
  /** how many nodes answer; a connection stays with one of them */
  nodes: number;
  /** how long a node goes on accepting a token that it accepted once, whatever became of it; 0 = it asks each time */
  nodeCacheMs: number;
};

type Cached = { readonly principal: Principal; readonly until: number };

/** The API's nodes behind a load balancer that deals connections out in turn. */
export function createNodes(knobs: NodeKnobs, state: Pick<DevinState, 'use'>, now: () => number) {
  const caches = new Map<number, Map<string, Cached>>();
  const cacheOf = (node: number) => {
    const cache = caches.get(node) ?? new Map<string, Cached>();
    caches.set(node, cache);
    return cache;
  };
  const cached = (node: number, token: string) => {
    const entry = cacheOf(node).get(token);
    return entry !== undefined && entry.until > now() ? entry.principal : undefined;
  };

  function authenticate(node: number, token: string): Principal | undefined {
    const known = cached(node, token);
    if (known !== undefined) return known;
    const principal = state.use(token);
    if (principal !== undefined && knobs.nodeCacheMs > 0) {
      cacheOf(node).set(token, { principal, until: now() + knobs.nodeCacheMs });
    }
    return principal;
  }

  const all = () => Array.from({ length: knobs.nodes }, (_, node) => node);
  return {
    authenticate: (connection: number, token: string) => authenticate(connection % knobs.nodes, token),
    /** A node that revokes a key knows it at once. */
    forget: (connection: number): void => cacheOf(connection % knobs.nodes).clear(),
    /** Somebody uses the token at every node, so that each has cached it. */
    useEverywhere: (token: string): void => {
      for (const node of all()) authenticate(node, token);
    },
    /** How many nodes would still accept the token from their caches. */
    acceptedBy: (token: string): number => all().filter((node) => cached(node, token) !== undefined).length,
  };
}
