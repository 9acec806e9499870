import { parseArgs } from 'node:util';

export const OPTIONS = {
  check: { type: 'boolean', default: false },
  stage: { type: 'string' },
  stack: { type: 'string' },
  'admin-secret': { type: 'string' },
  'github-secret': { type: 'string' },
  'webhook-secret': { type: 'string' },
  'webhook-url': { type: 'string' },
  'leak-queue-url': { type: 'string' },
  'audit-bucket': { type: 'string' },
  'devin-api-url': { type: 'string' },
  'github-api-url': { type: 'string' },
  'secret-types': { type: 'string' },
  'admin-token': { type: 'string' },
  'github-token': { type: 'string' },
  'github-app-id': { type: 'string' },
  'github-installation-id': { type: 'string' },
  'github-app-key': { type: 'string' },
  org: { type: 'string', multiple: true },
  alert: { type: 'string' },
  'no-github': { type: 'boolean', default: false },
  'no-rehearsal': { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  sandbox: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

/** The options that were given. */
export type Values = NonNullable<ReturnType<typeof parseOptions>>;

/** @returns `undefined` when they cannot be read: Node's own message quotes the argument, so it is dropped */
export function parseOptions(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS }).values;
  } catch {
    return undefined;
  }
}
