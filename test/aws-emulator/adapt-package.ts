import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { unzipSync, type Zippable, zipSync } from 'fflate';
import type { Resource } from '../package/packaged.ts';
import { ablate } from './ablate-template.ts';

// What MiniStack 1.5.33 does otherwise than AWS, and nothing else, is changed in a package before it is deployed.

interface Template {
  Resources: Record<string, Resource>;
  Parameters?: Record<string, { Default?: unknown }>;
  [section: string]: unknown;
}

const STATE = 'serverless-state.json';
const TEMPLATE = 'cloudformation-template-update-stack.json';

/** Changes a package of osls in place, so that MiniStack deploys it as AWS would deploy the original. */
export function adaptPackage(folder: string): Template {
  const state = JSON.parse(readFileSync(join(folder, STATE), 'utf8'));
  const template = adaptTemplate(state.service.provider.compiledCloudFormationTemplate);
  state.service.provider.compiledCloudFormationTemplate = template;
  writeFileSync(join(folder, STATE), JSON.stringify(state));
  writeFileSync(join(folder, TEMPLATE), JSON.stringify(template));
  for (const { Type, Properties } of Object.values(template.Resources)) {
    if (Type === 'AWS::Lambda::Function') addBootstrap(join(folder, Properties.Code.S3Key.split('/').at(-1)));
  }
  return template;
}

export function adaptTemplate(template: Template): Template {
  const secrets = Object.entries(template.Resources)
    .filter(([, { Type }]) => Type === 'AWS::SecretsManager::Secret')
    .map(([id]) => id);
  const adapted: Template = JSON.parse(JSON.stringify(template), (_, value) =>
    // `Ref` of a secret is its name in MiniStack, and its ARN on AWS.
    secrets.includes(value?.Ref) ? { 'Fn::GetAtt': [value.Ref, 'Id'] } : value,
  );
  // A default that is a boolean is `False` in MiniStack, and `false` on AWS.
  for (const parameter of Object.values(adapted.Parameters ?? {})) {
    if (typeof parameter.Default === 'boolean') parameter.Default = String(parameter.Default);
  }
  adapted.Resources = ablate(adapted.Resources, process.env.ABLATE);
  for (const { Type, Properties } of Object.values(adapted.Resources)) {
    // Its runner of Node looks for `.js` and `.mjs` only. A custom runtime is AWS's own runtime client, see below.
    if (Type === 'AWS::Lambda::Function') Properties.Runtime = 'provided.al2023';
  }
  return adapted;
}

/** A custom runtime starts the file `bootstrap`, here AWS's runtime client for Node, beside the files as packaged. */
function addBootstrap(zip: string): void {
  const client = createRequire(import.meta.url).resolve('aws-lambda-ric');
  const script = [
    '#!/bin/sh',
    'cd "$LAMBDA_TASK_ROOT"',
    'export AWS_EXECUTION_ENV=AWS_Lambda_nodejs24.x',
    'export AWS_LAMBDA_LOG_GROUP_NAME="/aws/lambda/$AWS_LAMBDA_FUNCTION_NAME"',
    `exec '${process.execPath}' '${client}'`,
  ].join('\n');
  const files: Zippable = { ...unzipSync(readFileSync(zip)) };
  files.bootstrap = [Buffer.from(`${script}\n`), { os: 3, attrs: 0o755 << 16 }];
  writeFileSync(zip, zipSync(files));
}
