import * as z from 'zod/mini';
import type { AwsEnvironment } from '../../lib/aws/environment.ts';
import { readStack } from '../../lib/aws/stack-sdk.ts';
import {
  commaList,
  devinApiUrl,
  flag,
  githubApiUrl,
  parseConfig,
  secretTypes,
  text,
} from '../../lib/platform/config.ts';

/** Ids, names and addresses of what is deployed. */
export interface Outputs {
  readonly adminSecret: string;
  readonly githubSecret: string;
  readonly webhookSecret: string;
  readonly webhookUrl: string;
  readonly leakQueueUrl: string;
  readonly auditBucket: string;
}

/** Where a deployment is described: in its stack, or by the arguments. */
export type Location =
  | { readonly kind: 'stack'; readonly name: string }
  | { readonly kind: 'given'; readonly outputs: Outputs; readonly settings: ReadonlyMap<string, string> };

/** What is deployed, and how it is set. */
export interface Deployment extends Outputs {
  /** The stack's name, or that it was described by arguments. */
  readonly title: string;
  /** Whether the settings are those that were deployed, rather than as far as arguments describe them. */
  readonly isStack: boolean;
  /** The topic of the alarms, where it is known. */
  readonly alarmTopic: string | undefined;
  readonly settings: Settings;
}
export type Settings = z.infer<typeof Settings>;

/** The parameters of the stack that matter here, with their defaults (deploy/settings.ts). */
const Settings = z.object({
  devinApiUrl,
  githubApiUrl,
  githubOrgs: z._default(commaList, []),
  githubSecretTypes: z._default(secretTypes, ['devin_api_key']),
  dryRun: flag,
  aftermath: z._default(z.enum(['off', 'report', 'terminate']), 'report'),
  activitySecretArn: z.optional(text),
});

/** The outputs of the stack by what they are (deploy/resources/outputs.yml; that of the URL is made by osls). */
const OUTPUTS: Readonly<Record<keyof Outputs, string>> = {
  adminSecret: 'AdminTokenSecretArn',
  githubSecret: 'GithubTokenSecretArn',
  webhookSecret: 'WebhookSecretArn',
  webhookUrl: 'WebhookLambdaFunctionUrl',
  leakQueueUrl: 'LeakQueueUrl',
  auditBucket: 'AuditBucketName',
};

/**
 * Reads what is deployed.
 *
 * @param deadline epoch milliseconds
 * @throws {StackError} @throws {ConfigError} when the settings of the stack are not usable
 */
export async function readDeployment(
  aws: AwsEnvironment,
  location: Location,
  deadline: number,
): Promise<Deployment> {
  switch (location.kind) {
    case 'given':
      return {
        ...location.outputs,
        title: 'as given',
        isStack: false,
        alarmTopic: undefined,
        settings: readSettings(location.settings),
      };
    case 'stack': {
      const { outputs, settings } = await readStack(aws, location.name, deadline);
      const read = (name: keyof Outputs) => outputs.get(OUTPUTS[name]) ?? '';
      return {
        title: location.name,
        isStack: true,
        alarmTopic: outputs.get('AlarmTopicArn'),
        settings: readSettings(settings),
        adminSecret: read('adminSecret'),
        githubSecret: read('githubSecret'),
        webhookSecret: read('webhookSecret'),
        webhookUrl: read('webhookUrl'),
        leakQueueUrl: read('leakQueueUrl'),
        auditBucket: read('auditBucket'),
      };
    }
    default:
      return location satisfies never;
  }
}

/** The outputs that the stack does not have, by their names there. */
export function absentOutputs(deployment: Deployment): string[] {
  const names: readonly (keyof Outputs)[] = [
    'adminSecret',
    'githubSecret',
    'webhookSecret',
    'webhookUrl',
    'leakQueueUrl',
    'auditBucket',
  ];
  return names.filter((name) => deployment[name] === '').map((name) => OUTPUTS[name]);
}

function readSettings(settings: ReadonlyMap<string, string>): Settings {
  return parseConfig(Settings, Object.fromEntries(settings));
}
