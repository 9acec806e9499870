import { awsEnvironment } from '../../lib/aws/environment.ts';
import { s3ReplaceableObjects } from '../../lib/aws/replaceable-objects.ts';
import { Token } from '../../lib/domain/token.ts';
import { tokenRegistry } from '../../lib/identify/registry/registry.ts';
import type { Sandbox } from '../../sandbox/index.ts';

/** Has the registry know which key a token is of. */
export async function enrol(
  sandbox: Sandbox,
  { token, ...key }: { service_user_id: string; api_key_id: string; token: string },
): Promise<void> {
  const objects = s3ReplaceableObjects(awsEnvironment(sandbox.env()), sandbox.auditBucket);
  const registry = tokenRegistry(objects, { deadline: Date.now() + 5_000 });
  const noted = await registry.note(new Token(token), {
    version: 1,
    ...key,
    confidence: 'certain',
    source: 'enrolled',
    method: 'created',
  });
  if (noted !== 'stored') throw new Error(`the registry has ${noted} the entry`);
}
