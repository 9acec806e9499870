import { describe, expect, test } from 'vitest';
import { markOf, parameterise, STAGE_MARK, type Template } from '../../../deploy/release/parameterise.ts';
import type { Parameter } from '../../../deploy/setting.ts';

const common = { from: 'parameter', readBy: [], example: 'x', meaning: 'What it is.' } as const;
const lockMode: Parameter = {
  ...common,
  parameter: 'lockMode',
  default: 'GOVERNANCE',
  type: { kind: 'choice', values: ['GOVERNANCE', 'COMPLIANCE'] },
};
const lockDays: Parameter = {
  ...common,
  parameter: 'lockDays',
  default: '365',
  type: { kind: 'whole', of: 'days', minimum: 1, maximum: 3650 },
};
const standbyArn: Parameter = {
  ...common,
  parameter: 'standbyArn',
  default: '',
  type: { kind: 'text', of: 'ARN' },
};

const packaged = (resources: Template['Resources'], more: Partial<Template> = {}): Template => ({
  Parameters: {},
  Conditions: {},
  Outputs: {},
  ...more,
  Resources: resources,
});

describe('a template for everybody', () => {
  test('has a parameter with its bounds for each setting, and refers to it', () => {
    const { Parameters, Resources } = parameterise(
      packaged({ Bucket: { Properties: { Mode: markOf('lockMode'), Days: markOf('lockDays') } } }),
      [lockMode, lockDays],
    );

    expect(Resources).toEqual({
      Bucket: { Properties: { Mode: { Ref: 'lockMode' }, Days: { Ref: 'lockDays' } } },
    });
    expect(Parameters).toMatchObject({
      lockMode: { Type: 'String', Default: 'GOVERNANCE', AllowedValues: ['GOVERNANCE', 'COMPLIANCE'] },
      lockDays: { Type: 'Number', Default: '365', MinValue: 1, MaxValue: 3650 },
    });
  });

  test('merges a parameter of the packaged template with the setting that is its value', () => {
    const { Conditions, Parameters, Resources } = parameterise(
      packaged(
        { Role: { Properties: { Resource: { Ref: 'Standby' }, Name: { 'Fn::Sub': `\${Standby}-x` } } } },
        {
          Parameters: {
            Standby: { Type: 'CommaDelimitedList', AllowedPattern: '^arn:', Default: markOf('standbyArn') },
          },
          Conditions: { HasStandby: { 'Fn::Not': [{ 'Fn::Equals': [{ Ref: 'Standby' }, ''] }] } },
        },
      ),
      [standbyArn],
    );

    expect(Parameters).not.toHaveProperty('Standby');
    // It says more than the table.
    expect(Parameters).toMatchObject({
      standbyArn: { Type: 'CommaDelimitedList', AllowedPattern: '^arn:', Default: '' },
    });
    expect(Conditions).toEqual({
      HasStandby: { 'Fn::Not': [{ 'Fn::Equals': [{ Ref: 'standbyArn' }, ''] }] },
    });
    expect(Resources).toEqual({
      Role: { Properties: { Resource: { Ref: 'standbyArn' }, Name: { 'Fn::Sub': `\${standbyArn}-x` } } },
    });
  });

  test('has the stage as a parameter in names, and not at all in logical ids', () => {
    const { Resources } = parameterise(
      packaged({
        [`Rule${STAGE_MARK}Events`]: { Properties: { Name: `keys-${STAGE_MARK}-rule` } },
        Permission: { Properties: { SourceArn: { 'Fn::GetAtt': [`Rule${STAGE_MARK}Events`, 'Arn'] } } },
      }),
      [],
    );

    expect(Resources).toEqual({
      RuleEvents: { Properties: { Name: { 'Fn::Sub': `keys-\${stage}-rule` } } },
      Permission: { Properties: { SourceArn: { 'Fn::GetAtt': ['RuleEvents', 'Arn'] } } },
    });
  });

  test('takes the zips from the bucket of the user and has none of its own', () => {
    const { Outputs, Resources } = parameterise(
      packaged(
        {
          ServerlessDeploymentBucket: { Type: 'AWS::S3::Bucket' },
          Function: {
            Properties: {
              Code: { S3Bucket: { Ref: 'ServerlessDeploymentBucket' }, S3Key: 'a/b/revoke.zip' },
            },
          },
        },
        { Outputs: { ServerlessDeploymentBucketName: { Value: 'x' }, Url: { Value: 'y' } } },
      ),
      [],
    );

    expect(Resources).toEqual({
      Function: {
        Properties: {
          Code: { S3Bucket: { Ref: 'codeBucket' }, S3Key: { 'Fn::Sub': `\${codePrefix}revoke.zip` } },
        },
      },
    });
    expect(Outputs).toEqual({ Url: { Value: 'y' } });
  });

  test('is refused when a setting would have no effect', () => {
    expect(() => parameterise(packaged({}), [lockMode])).toThrow('does not use lockMode');
  });

  test('is refused when a mark is left in the name of a field', () => {
    expect(() =>
      parameterise(packaged({ A: { [markOf('lockMode')]: markOf('lockMode') } }), [lockMode]),
    ).toThrow('still has PARAMETER.lockMode.');
  });
});
