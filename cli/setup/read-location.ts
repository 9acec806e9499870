import { isSafeUrl } from '../../lib/platform/config.ts';
import type { Location } from './deployment.ts';
import type { Values } from './parse-options.ts';

/** What a deployment without a stack to read consists of: all of them are given, or none. */
const PARTS = [
  'admin-secret',
  'github-secret',
  'webhook-secret',
  'webhook-url',
  'leak-queue-url',
  'audit-bucket',
] as const;
/** What the template of a stack says by itself. */
const SETTINGS = ['devin-api-url', 'github-api-url', 'secret-types'] as const;

const STACK_NAME = /^[A-Za-z][A-Za-z0-9-]{0,127}$/;

/** Where the deployment is described. @returns what is wrong, as a sentence */
export function readLocation(values: Values): Location | string {
  const { stack, stage } = values;
  const given = PARTS.filter((name) => values[name] !== undefined);
  const settings = SETTINGS.filter((name) => values[name] !== undefined);
  if (given.length === 0) {
    if (settings.length > 0)
      return `--${settings[0]} goes with --${PARTS.join(', --')}: a stack has its own settings`;
    if (stack !== undefined && stage !== undefined) return '--stack and --stage name the same: give one';
    const name = stack ?? `devin-key-revoker-${stage ?? 'prod'}`;
    return STACK_NAME.test(name) ? { kind: 'stack', name } : 'that is not the name of a stack or a stage';
  }
  if (stack !== undefined || stage !== undefined) return `--${given[0]} does not go with --stack or --stage`;
  const absent = PARTS.filter((name) => values[name] === undefined);
  if (absent.length > 0) return `--${absent.join(', --')} missing: without a stack, all of them are needed`;
  const unsafe = ([...PARTS, ...SETTINGS] as const).filter(
    (name) => name.endsWith('-url') && values[name] !== undefined && !isSafeUrl(values[name]),
  );
  if (unsafe.length > 0)
    return `--${unsafe.join(', --')} must be an https URL (http only on a loopback address)`;
  return {
    kind: 'given',
    outputs: {
      adminSecret: values['admin-secret'] ?? '',
      githubSecret: values['github-secret'] ?? '',
      webhookSecret: values['webhook-secret'] ?? '',
      webhookUrl: values['webhook-url'] ?? '',
      leakQueueUrl: values['leak-queue-url'] ?? '',
      auditBucket: values['audit-bucket'] ?? '',
    },
    settings: new Map([
      ['devinApiUrl', values['devin-api-url'] ?? ''],
      ['githubApiUrl', values['github-api-url'] ?? ''],
      ['githubSecretTypes', values['secret-types'] ?? ''],
    ]),
  };
}
