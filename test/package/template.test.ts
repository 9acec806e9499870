import {
  RegoEngine,
  type StandardDiagnostic,
  TemplateFile,
  type ValidateConfig,
} from '@aws/cloudformation-validate';
import { describe, expect, test } from 'vitest';
import { templatePath } from './packaged.ts';
import { functions, ofType } from './resources.ts';

describe('the template', () => {
  test.each<[string, ValidateConfig]>([
    ['with the default settings', {}],
    [
      'with a standby token behind a key, a concurrency, an address for alarms and the enrolment',
      {
        parameterOverrides: {
          StandbyArn: 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:standby-AbCdEf',
          SecretKeyArns: 'arn:aws:kms:eu-central-1:111122223333:key/3f6e2f0a-8d5b-4c0e-9a53-7f0f6f0b1c11',
          WebhookConcurrency: '5',
          AlarmEmail: 'oncall@example.com',
          Enroll: 'true',
        },
      },
    ],
  ])('contains nothing that CloudFormation rejects, %s', (_, config) => {
    const found = validate(config).filter(({ severity }) => severity !== 'INFO' && severity !== 'DEBUG');

    // osls itself writes these two: a DependsOn that a GetAtt implies, and the ARN of a rule by its name.
    expect(found.filter(({ ruleId }) => ruleId !== 'W3005' && ruleId !== 'W9002')).toEqual([]);
  });

  test('has the known functions and no other', () => {
    expect(ofType('AWS::Lambda::Function').map(([id]) => id)).toEqual(functions.map(({ id }) => id));
  });
});

function validate(config: ValidateConfig): StandardDiagnostic[] {
  const engine = new RegoEngine();
  try {
    return engine.validateStandard(new TemplateFile(templatePath), config).diagnostics;
  } finally {
    engine.free();
  }
}
