import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import type { Resource } from '../package/packaged.ts';
import { arnOf, resolve } from './resolve-template.ts';
import { ACCOUNT } from './start-emulator.ts';

export type Verdict = 'Allow' | 'Deny' | 'ImplicitDeny';

/** Who calls: a role of the template, or an administrator, whose own policy allows everything. */
export interface Request {
  readonly who: string;
  readonly action: string;
  readonly resource: string;
  readonly tls?: boolean;
  readonly context?: Readonly<Record<string, string>>;
}

export const ADMINISTRATOR = 'an administrator';

/** What MiniStack's evaluator decides, over the policies of the roles and of the resources in a template. */
export function evaluatePolicies(
  python: string,
  resources: Readonly<Record<string, Resource>>,
  requests: readonly Request[],
): Verdict[] {
  const input = requests.map(({ action, context = {}, resource, tls = true, who }) => ({
    principal: `arn:aws:sts::${ACCOUNT}:assumed-role/${who === ADMINISTRATOR ? 'admin' : who}/session`,
    action,
    resource,
    policies: policiesOf(who, resources),
    resource_policy: resourcePolicy(resource, resources) ?? null,
    // A key's own policy has to allow a call too.
    key_policy_rules: action.startsWith('kms:'),
    tls,
    context,
  }));
  const script = join(import.meta.dirname, 'evaluate-policies.py');
  return JSON.parse(execFileSync(python, [script], { input: JSON.stringify(input) }).toString());
}

function policiesOf(who: string, resources: Readonly<Record<string, Resource>>): object[] {
  if (who === ADMINISTRATOR) return [{ Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] }];
  const { Policies = [] } = resources[who]?.Properties ?? {};
  return Policies.map(({ PolicyDocument }: { PolicyDocument: object }) => resolve(PolicyDocument, resources));
}

/** The policy of the bucket, queue, topic or key that an ARN names or lies in. */
function resourcePolicy(arn: string, resources: Readonly<Record<string, Resource>>): object | undefined {
  const owner = Object.keys(resources).find((id) => {
    const own = arnOf(id, resources);
    return arn === own || (own.startsWith('arn:aws:s3:') && arn.startsWith(`${own}/`));
  });
  if (owner === undefined) return undefined;
  // A resource may have no properties at all.
  const key = resources[owner]?.Properties?.KeyPolicy;
  const policy = Object.values(resources).find(({ Properties, Type }) => {
    const { Bucket, Queues, Topics } = Properties ?? {};
    return (
      /Policy$/.test(Type) &&
      [Bucket, ...(Queues ?? []), ...(Topics ?? [])].some((named) => named?.Ref === owner)
    );
  });
  return resolve(key ?? policy?.Properties.PolicyDocument, resources);
}
