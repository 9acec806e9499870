import { randomUUID } from 'node:crypto';
import { queryAnswer, queryError, queryInput } from './aws-query.ts';
import { type AwsCredentials, signatureProblem } from './aws-signature.ts';
import { startServer } from './http-server.ts';
import { escapeXml } from './s3-xml.ts';

const NAMESPACE = 'http://cloudformation.amazonaws.com/doc/2010-05-15/';

export type Stack = { outputs: Record<string, string>; settings: Record<string, string> };

export type CloudFormation = Awaited<ReturnType<typeof startCloudFormation>>;

/** A stand-in for AWS CloudFormation, query protocol: DescribeStacks and GetTemplate of stacks that are put there. */
export async function startCloudFormation(
  options: { latencyMs?: number; credentials?: AwsCredentials | undefined } = {},
) {
  const stacks = new Map<string, Stack>();
  const server = await startServer({
    knobs: { latencyMs: options.latencyMs ?? 0 },
    describe: (request) => ({ operation: queryInput(request).get('Action') ?? 'unknown' }),
    refuse: (status) =>
      queryError(NAMESPACE, status, status < 500 ? 'AccessDenied' : 'InternalFailure', 'Refused'),
    handle: (request) => {
      const problem = signatureProblem(request, 'cloudformation', options.credentials);
      if (problem !== undefined) return queryError(NAMESPACE, 403, 'SignatureDoesNotMatch', problem);
      const name = queryInput(request).get('StackName') ?? '';
      const stack = stacks.get(name);
      if (stack === undefined)
        return queryError(NAMESPACE, 400, 'ValidationError', `Stack with id ${name} does not exist`);
      switch (queryInput(request).get('Action')) {
        case 'DescribeStacks':
          return queryAnswer(NAMESPACE, 'DescribeStacks', describe(name, stack));
        case 'GetTemplate':
          return queryAnswer(NAMESPACE, 'GetTemplate', template(stack));
        default:
          return queryError(NAMESPACE, 400, 'InvalidAction', 'Could not find operation');
      }
    },
  });
  return Object.assign(server, {
    put: (name: string, stack: Stack): void => void stacks.set(name, stack),
  });
}

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStacks.html */
function describe(name: string, { outputs }: Stack): string {
  const members = Object.entries(outputs).map(
    ([key, value]) =>
      `<member><OutputKey>${key}</OutputKey><OutputValue>${escapeXml(value)}</OutputValue></member>`,
  );
  const id = `arn:aws:cloudformation:us-east-1:123456789012:stack/${name}/${randomUUID()}`;
  return (
    `<Stacks><member><StackName>${name}</StackName><StackId>${id}</StackId>` +
    `<CreationTime>2026-11-01T08:00:00.000Z</CreationTime><StackStatus>CREATE_COMPLETE</StackStatus>` +
    `<Outputs>${members.join('')}</Outputs></member></Stacks>`
  );
}

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_GetTemplate.html; resources are left out. */
function template({ settings }: Stack): string {
  const body = JSON.stringify({ AWSTemplateFormatVersion: '2010-09-09', Metadata: { Settings: settings } });
  return (
    `<TemplateBody>${escapeXml(body)}</TemplateBody>` +
    `<StagesAvailable><member>Original</member><member>Processed</member></StagesAvailable>`
  );
}
