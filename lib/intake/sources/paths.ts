/** The paths of the function URL that lead in, each with its method. A cold start reads this before all else. */
const METHODS = {
  '/': 'POST',
  '/leaks': 'POST',
  '/v1/revocable_token_types': 'GET',
  '/v1/revoke_tokens': 'POST',
} as const;
export type Path = keyof typeof METHODS;

/** Where a request leads to. */
export type Way =
  | { readonly kind: 'source'; readonly path: Path }
  | { readonly kind: 'other_method'; readonly allow: string }
  | { readonly kind: 'no_such_path' };

/** No secret is read for a request that leads nowhere. An event without a path is of the function URL itself. */
export function findWay({
  method,
  path = '/',
}: {
  readonly method: string;
  readonly path?: string | undefined;
}): Way {
  if (!isPath(path)) return { kind: 'no_such_path' };
  const allow = METHODS[path];
  return method === allow ? { kind: 'source', path } : { kind: 'other_method', allow };
}

function isPath(path: string): path is Path {
  return Object.hasOwn(METHODS, path);
}
