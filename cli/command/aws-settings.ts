import { type AwsEnvironment, awsEnvironment } from '../../lib/aws/environment.ts';
import type { Env } from '../terminal/terminal.ts';
import { UsageError } from './usage-error.ts';

const CREDENTIALS = 'eval "$(aws configure export-credentials --format env)"';

/** AWS as the environment names it. @throws {UsageError} which names all that is not set */
export function requireAws(env: Env): AwsEnvironment {
  const missing = [
    ...(env.AWS_REGION || env.AWS_DEFAULT_REGION ? [] : ['AWS_REGION is not set, such as eu-central-1']),
    ...(env.AWS_ACCESS_KEY_ID && env.AWS_SECRET_ACCESS_KEY
      ? []
      : [`AWS credentials are not set: ${CREDENTIALS}`]),
  ];
  if (missing.length > 0) throw new UsageError(missing.join('; '));
  return awsEnvironment(env);
}
