import type { Resource } from '../package/packaged.ts';
import { ACCOUNT, REGION } from './start-emulator.ts';

type Resources = Readonly<Record<string, Resource>>;

const PSEUDO: Readonly<Record<string, string>> = {
  'AWS::AccountId': ACCOUNT,
  'AWS::Region': REGION,
  'AWS::Partition': 'aws',
  'AWS::URLSuffix': 'amazonaws.com',
  'AWS::StackName': 'stack',
};

/** The ARN of a resource, made up from its logical id. */
export function arnOf(id: string, resources: Resources): string {
  const place = `${REGION}:${ACCOUNT}`;
  switch (resources[id]?.Type) {
    case 'AWS::S3::Bucket':
      return `arn:aws:s3:::${id.toLowerCase()}`;
    case 'AWS::SQS::Queue':
      return `arn:aws:sqs:${place}:${id}`;
    case 'AWS::SNS::Topic':
      return `arn:aws:sns:${place}:${id}`;
    case 'AWS::SecretsManager::Secret':
      return `arn:aws:secretsmanager:${place}:secret:${id}-AbCdEf`;
    case 'AWS::KMS::Key':
      return `arn:aws:kms:${place}:key/${id}`;
    case 'AWS::Lambda::Function':
      return `arn:aws:lambda:${place}:function:${id}`;
    case 'AWS::Logs::LogGroup':
      return `arn:aws:logs:${place}:log-group:${id}:*`;
    case 'AWS::IAM::Role':
      return `arn:aws:iam::${ACCOUNT}:role/${id}`;
    default:
      return `arn:aws:other:${place}:${id}`;
  }
}

/** An existing secret that a parameter names. */
export const parameterArn = (parameter: string): string =>
  `arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:${parameter}-AbCdEf`;

/** Replaces the intrinsic functions of CloudFormation in a policy; every condition of the template holds. */
// biome-ignore lint/suspicious/noExplicitAny: a policy has the shape that CloudFormation lets it have
export function resolve(value: any, resources: Resources): any {
  if (Array.isArray(value)) return value.map((item) => resolve(item, resources));
  if (value === null || typeof value !== 'object') return value;
  const name = (id: string) => {
    if (id in PSEUDO) return PSEUDO[id];
    return id in resources ? arnOf(id, resources) : parameterArn(id);
  };
  if (typeof value.Ref === 'string') return name(value.Ref);
  if (value['Fn::GetAtt']) return arnOf(value['Fn::GetAtt'][0], resources);
  if (value['Fn::If']) return resolve(value['Fn::If'][1], resources);
  if (value['Fn::Sub']) {
    return value['Fn::Sub'].replace(/\$\{([\w:]+)(?:\.Arn)?\}/g, (_: string, id: string) => name(id));
  }
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, resolve(inner, resources)]));
}
