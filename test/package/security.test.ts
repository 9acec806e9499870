import { describe, expect, test } from 'vitest';
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
