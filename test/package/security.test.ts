import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { templatePath } from './packaged.ts';
import { arn, inAuditBucket, resource, resources, type Statement } from './resources.ts';

describe('a resource that holds data', () => {
  test.each<[string, string, unknown]>([
    ['LeakQueuePolicy', 'sqs:*', arn('LeakQueue')],
    ['LeakDeadLetterQueuePolicy', 'sqs:*', arn('LeakDeadLetterQueue')],
    ['BacklogQueuePolicy', 'sqs:*', arn('BacklogQueue')],
    ['SweepQueuePolicy', 'sqs:*', arn('SweepQueue')],
    ['SweepDeadLetterQueuePolicy', 'sqs:*', arn('SweepDeadLetterQueue')],
    ['AuditBucketPolicy', 's3:*', [arn('AuditBucket'), inAuditBucket()]],
    ['AlarmTopicPolicy', 'sns:Publish', { Ref: 'AlarmTopic' }],
  ])('is reached over TLS only, by %s', (id, action, target) => {
    expect(resource(id).Properties.PolicyDocument.Statement).toContainEqual({
      Sid: 'TlsOnly',
      Effect: 'Deny',
      Principal: '*',
      Action: action,
      Resource: target,
      Condition: { Bool: { 'aws:SecureTransport': 'false' } },
    });
  });

  test('grants nothing to a principal of another account', () => {
    const granted = Object.values(resources)
      .filter(({ Type }) => /(?:Queue|Bucket|Topic)Policy$/.test(Type))
      .flatMap(({ Properties }): Statement[] => Properties.PolicyDocument.Statement)
      .filter(({ Effect }) => Effect === 'Allow');

    expect(granted).toEqual([
      expect.objectContaining({
        Principal: { Service: 'cloudwatch.amazonaws.com' },
        Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
      }),
    ]);
  });

  test.each(['AdminTokenSecret', 'GithubTokenSecret', 'WebhookSecret'])(
    'is created without a value and is retained: %s',
    (id) => {
      const { DeletionPolicy, UpdateReplacePolicy, Properties } = resource(id);

      expect({ DeletionPolicy, UpdateReplacePolicy }).toEqual({
        DeletionPolicy: 'Retain',
        UpdateReplacePolicy: 'Retain',
      });
      expect(Properties).not.toHaveProperty('SecretString');
      expect(Properties.GenerateSecretString ?? {}).not.toHaveProperty('SecretStringTemplate');
    },
  );
});

describe('a parameter that names something of the account', () => {
  const { Parameters } = JSON.parse(readFileSync(templatePath, 'utf8'));
  const SECRET = 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:prod/standby';
  const KEY = 'arn:aws:kms:eu-central-1:111122223333:key/3f6e2f0a-8d5b-4c0e-9a53-7f0f6f0b1c11';

  test.each(['StandbyArn', 'ActivityTokenArn', 'AuditHttpArn', 'SlackArn'])(
    'is the ARN of a secret, with or without its suffix, or nothing: %s',
    (name) => {
      const { AllowedPattern, ConstraintDescription } = Parameters[name];
      const isAllowed = (value: string) => new RegExp(AllowedPattern).test(value);

      for (const value of ['', SECRET, `${SECRET}-AbCdEf`])
        expect([value, isAllowed(value)]).toEqual([value, true]);
      for (const value of ['prod/standby', `${SECRET}*`, KEY, ' ']) {
        expect([value, isAllowed(value)]).toEqual([value, false]);
      }
      expect(ConstraintDescription).toMatch(/ARN of a secret/);
    },
  );

  test('is the ARN of a key, not of an alias, or nothing', () => {
    const { AllowedPattern } = Parameters.SecretKeyArns;
    const isAllowed = (value: string) => new RegExp(AllowedPattern).test(value);

    expect(['', KEY].filter(isAllowed)).toHaveLength(2);
    expect(
      [KEY.replace(/key\/.*/, 'alias/own'), '*', KEY.replace('key/', 'key/*')].filter(isAllowed),
    ).toEqual([]);
  });
});
