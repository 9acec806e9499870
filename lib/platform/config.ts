import * as z from 'zod/mini';

/** Settings are missing or wrong. The message names each of them and quotes no value. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

export const text = z.string().check(z.minLength(1));
export const flag = z._default(
  z.pipe(
    z.enum(['true', 'false'], 'must be true or false'),
    z.transform((value) => value === 'true'),
  ),
  false,
);

const SAFE_URL = 'must be an https URL (http only on a loopback address)';

// Marked as pure, so that a bundle holds none of the URLs that it does not read.

/** A base URL: https, or http on a loopback address, without credentials or query. A trailing slash is dropped. */
export const baseUrl = /* @__PURE__ */ (() =>
  z.pipe(
    z.string().check(z.refine(isSafeBaseUrl, SAFE_URL)),
    z.transform((value) => value.replace(/(?<!\/)\/+$/, '')),
  ))();

/** A URL: https, or http on a loopback address, without credentials. */
export const safeUrl = /* @__PURE__ */ (() => z.string().check(z.refine(isSafeUrl, SAFE_URL)))();

export const commaList = z.pipe(
  z.string(),
  z.transform((value) =>
    value
      .split(',')
      .map((entry) => entry.trim())
      .filter((entry) => entry !== ''),
  ),
);

export const wholeNumber = (minimum: number, maximum: number) =>
  z.pipe(
    z.string().check(z.regex(/^\d{1,9}$/, 'must be a whole number')),
    z.pipe(
      z.transform(Number),
      z
        .int()
        .check(
          z.minimum(minimum, `must be ${minimum} or more`),
          z.maximum(maximum, `must be ${maximum} or less`),
        ),
    ),
  );

export const queueUrl = z.string().check(z.refine((value) => URL.canParse(value), 'must be a URL'));
export const devinApiUrl = /* @__PURE__ */ z._default(baseUrl, 'https://api.devin.ai');
export const githubApiUrl = /* @__PURE__ */ z._default(baseUrl, 'https://api.github.com');
export const secretTypes = commaList.check(z.minLength(1, 'must name at least one secret type'));

/**
 * Parses a function's settings. An empty variable counts as unset, since CloudFormation cannot omit one.
 *
 * @throws {ConfigError}
 */
export function parseConfig<T extends z.core.$ZodType>(
  schema: T,
  env: Readonly<Record<string, string | undefined>>,
): z.output<T> {
  const set = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const result = z.safeParse(schema, set);
  if (result.success) return result.data;
  const wrong = result.error.issues.map(({ path, message }) => {
    const name = path.join('.');
    return set[name] === undefined ? `${name} is not set` : `${name} ${message}`;
  });
  throw new ConfigError(`bad configuration: ${wrong.join('; ')}`);
}

function isSafeBaseUrl(value: string): boolean {
  return isSafeUrl(value) && URL.parse(value)?.search === '';
}

/** Whether it is https, or http on a loopback address, without credentials. */
export function isSafeUrl(value: string): boolean {
  const url = URL.parse(value);
  if (url === null || url.username !== '' || url.password !== '' || url.hash !== '') return false;
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname));
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(hostname);
}
