/** What reads settings: the functions of the stack, and the command line. */
export const READERS = [
  'webhook',
  'revoke',
  'sweep-keys',
  'sweep-alerts',
  'digest',
  'reconcile',
  'enroll',
  'drill',
  'npm run sweep',
  'npm run aftermath',
  'npm run enroll',
] as const;
export type Reader = (typeof READERS)[number];

export type SettingType =
  | { readonly kind: 'flag' }
  | { readonly kind: 'choice'; readonly values: readonly string[] }
  /** Both ends are allowed. */
  | { readonly kind: 'whole'; readonly of: string; readonly minimum: number; readonly maximum: number }
  /** A number between both ends, which are allowed. */
  | { readonly kind: 'number'; readonly of: string; readonly minimum: number; readonly maximum: number }
  /** A number from 0 to 1. */
  | { readonly kind: 'share' }
  /** https; http only on a loopback address. */
  | { readonly kind: 'url' }
  | { readonly kind: 'list'; readonly of: string }
  | { readonly kind: 'text'; readonly of: string };

interface Common {
  readonly type: SettingType;
  /** Markdown. */
  readonly meaning: string;
  /** Empty for a parameter that only shapes the stack. */
  readonly readBy: readonly Reader[];
  /** Those of `readBy` that do not start without it. */
  readonly requiredBy?: readonly Reader[];
}

/** A person sets it: with `--param`, under `params` in serverless.yml. */
export interface Parameter extends Common {
  readonly from: 'parameter';
  readonly parameter: string;
  /** The environment variable that it becomes. */
  readonly variable?: string;
  /** As in serverless.yml; empty means that it is not set. */
  readonly default: string;
  readonly example: string;
}

/** The stack sets it, to a resource of its own. */
export interface Wired extends Common {
  readonly from: 'stack';
  readonly variable: string;
  /** The logical id in deploy/resources/. */
  readonly resource: string;
}

export type Setting = Parameter | Wired;

export type Variable = Setting & { readonly variable: string };
