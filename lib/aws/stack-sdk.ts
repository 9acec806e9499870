import {
  CloudFormationClient,
  DescribeStacksCommand,
  GetTemplateCommand,
} from '@aws-sdk/client-cloudformation';
import * as z from 'zod/mini';
import { parseJson } from '../platform/parse-json.ts';
import type { AwsEnvironment } from './environment.ts';
import { abortAt, sdkErrorCode, sdkOptions } from './sdk-options.ts';

/** The stack could not be read. */
export class StackError extends Error {
  override readonly name = 'StackError';
  /** The AWS error name, such as `ValidationError` for a stack that does not exist, or the system's code. */
  readonly code: string;

  constructor(stack: string, code: string) {
    const hint =
      code === 'ValidationError' ? 'there is none of this name in this region and account' : `(${code})`;
    super(`the stack ${stack} cannot be read: ${hint}`);
    this.code = code;
  }
}

/** A deployed stack: its outputs, and the parameters that its template notes (deploy/resources/settings.cjs). */
export interface Stack {
  readonly outputs: ReadonlyMap<string, string>;
  readonly settings: ReadonlyMap<string, string>;
}

const Template = z.object({
  Metadata: z.object({ Settings: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])) }),
});

/**
 * Reads a stack with the SDK's client.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStacks.html
 *
 * @param deadline epoch milliseconds @throws {StackError}
 */
export async function readStack(aws: AwsEnvironment, name: string, deadline: number): Promise<Stack> {
  const client = new CloudFormationClient(
    sdkOptions(aws, 'CLOUDFORMATION', { attempts: 4, timeoutMs: 5_000 }),
  );
  try {
    const [{ Stacks: [stack] = [] }, { TemplateBody = '' }] = await Promise.all([
      client.send(new DescribeStacksCommand({ StackName: name }), abortAt(deadline)),
      client.send(new GetTemplateCommand({ StackName: name, TemplateStage: 'Original' }), abortAt(deadline)),
    ]);
    const outputs = (stack?.Outputs ?? []).map(
      ({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue] as const,
    );
    const settings = Object.entries(parseJson(TemplateBody, Template)?.Metadata.Settings ?? {});
    return {
      outputs: new Map(outputs),
      settings: new Map(settings.map(([key, value]) => [key, String(value).trim()])),
    };
  } catch (error) {
    throw new StackError(name, sdkErrorCode(error));
  } finally {
    client.destroy();
  }
}
