import type { Chance } from './chance.ts';

export type Service = 'devin' | 'github' | 's3' | 'secrets' | 'sqs' | 'sns' | 'kms';

/** What happens to one request. */
export type Fault =
  /** answered without any effect */
  | { readonly kind: string; readonly does: 'refuse'; readonly status: number; readonly headers?: object }
  /** never answered; `effect`: whether the request takes effect all the same */
  | { readonly kind: string; readonly does: 'lose'; readonly effect: boolean }
  /** the connection breaks */
  | { readonly kind: string; readonly does: 'reset'; readonly effect: boolean }
  /** takes effect, and is answered with a status that says nothing of it */
  | { readonly kind: string; readonly does: 'disguise'; readonly status: number }
  /** takes effect, and is answered, this much later */
  | { readonly kind: string; readonly does: 'delay'; readonly ms: number }
  /** answered 200 without any effect, by something that is not the service */
  | { readonly kind: string; readonly does: 'garble' }
  /** a listing that lacks its end, in one of the ways in which that shows */
  | { readonly kind: string; readonly does: 'shorten'; readonly way: 'no cursor' | 'shifted' | 'repeated' };

type Weights = Readonly<Record<string, number>>;

const COMMON = { 'lost before': 2, 'lost after': 3, 'reset before': 1, 'reset after': 2, slow: 2 };
const KINDS: Readonly<Record<Service, Weights>> = {
  devin: {
    ...COMMON,
    '429': 3,
    '429 with Retry-After': 1,
    '500': 2,
    '503': 2,
    '502 after': 2,
    'not JSON': 1,
  },
  github: { ...COMMON, '500': 2, '503': 2, '502 after': 2, '403 rate limit': 2, '429': 1, 'not JSON': 1 },
  s3: { ...COMMON, '409': 3, '500': 2, '503': 4, '500 after': 2 },
  secrets: { ...COMMON, '400 throttled': 2, '500': 2 },
  sqs: { ...COMMON, '500': 2, '503': 2, '500 after': 2 },
  sns: { ...COMMON, '500': 2 },
  kms: { ...COMMON, '500': 2 },
};

/** What a listing of keys, or of service users, can meet besides. */
const SHORTENINGS = [
  { kind: 'devin listing breaks off', does: 'shorten', way: 'no cursor' },
  { kind: 'devin listing shifts', does: 'shorten', way: 'shifted' },
  { kind: 'devin listing repeats', does: 'shorten', way: 'repeated' },
] as const satisfies readonly Fault[];

/** Every kind of fault that a request can meet. */
export const REQUEST_FAULTS: readonly string[] = [
  ...Object.entries(KINDS).flatMap(([service, weights]) =>
    Object.keys(weights).map((kind) => `${service} ${kind}`),
  ),
  ...SHORTENINGS.map(({ kind }) => kind),
];

export function drawShortening(chance: Chance): Fault {
  return chance.pick(SHORTENINGS);
}

export function drawFault(service: Service, chance: Chance, now: number): Fault | undefined {
  const name = chance.weighted(KINDS[service]);
  const kind = `${service} ${name}`;
  const status = Number.parseInt(name, 10);
  switch (name) {
    case 'lost before':
    case 'lost after':
      return { kind, does: 'lose', effect: name === 'lost after' };
    case 'reset before':
    case 'reset after':
      return { kind, does: 'reset', effect: name === 'reset after' };
    case 'slow':
      return { kind, does: 'delay', ms: chance.whole(1_000, 9_000) };
    case '502 after':
    case '500 after':
      return { kind, does: 'disguise', status };
    case 'not JSON':
      return { kind, does: 'garble' };
    case '429 with Retry-After': {
      // Some ask for more time than the invocation has.
      const seconds = chance.happens(0.2) ? chance.whole(60, 400) : chance.whole(1, 8);
      return { kind, does: 'refuse', status, headers: { 'retry-after': String(seconds) } };
    }
    case '403 rate limit': {
      const reset = Math.floor(now / 1_000) + chance.whole(5, 900);
      const headers = { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(reset) };
      return { kind, does: 'refuse', status, headers };
    }
    default:
      return { kind, does: 'refuse', status };
  }
}
