import { describe, expect, test } from 'vitest';
import { arn, inAuditBucket, list, resource, type Statement } from './resources.ts';

describe('the audit bucket', () => {
  test('is versioned, locked, encrypted, private, and retained when the stack is deleted', () => {
    expect(resource('AuditBucket')).toEqual({
      Type: 'AWS::S3::Bucket',
      DeletionPolicy: 'Retain',
      UpdateReplacePolicy: 'Retain',
      Properties: {
        ObjectLockEnabled: true,
        ObjectLockConfiguration: {
          ObjectLockEnabled: 'Enabled',
          Rule: { DefaultRetention: { Mode: 'GOVERNANCE', Days: 365 } },
        },
        VersioningConfiguration: { Status: 'Enabled' },
        BucketEncryption: {
          ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
        },
        OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
        PublicAccessBlockConfiguration: {
          BlockPublicAcls: true,
          BlockPublicPolicy: true,
          IgnorePublicAcls: true,
          RestrictPublicBuckets: true,
        },
      },
    });
  });

  test('takes no write that could put a newer version over what is there', () => {
    expect(resource('AuditBucketPolicy').Properties.PolicyDocument.Statement).toContainEqual({
      Sid: 'NoOverwrite',
      Effect: 'Deny',
      Principal: '*',
      Action: 's3:PutObject',
      NotResource: ['registry/*', 'experiments/*'].map(inAuditBucket),
      Condition: {
        Null: { 's3:if-none-match': 'true' },
        Bool: { 's3:ObjectCreationOperation': 'true' },
      },
    });
  });

  test('takes no write of what is replaced that does not name the version', () => {
    expect(resource('AuditBucketPolicy').Properties.PolicyDocument.Statement).toContainEqual({
      Sid: 'NoBlindOverwrite',
      Effect: 'Deny',
      Principal: '*',
      Action: 's3:PutObject',
      Resource: ['registry/*', 'experiments/*'].map(inAuditBucket),
      Condition: {
        Null: { 's3:if-none-match': 'true', 's3:if-match': 'true' },
        Bool: { 's3:ObjectCreationOperation': 'true' },
      },
    });
  });

  test('lets nobody delete an object or hide it behind a delete marker', () => {
    expect(resource('AuditBucketPolicy').Properties.PolicyDocument.Statement).toContainEqual({
      Sid: 'NoDelete',
      Effect: 'Deny',
      Principal: '*',
      Action: ['s3:DeleteObject', 's3:DeleteObjectVersion'],
      Resource: inAuditBucket(),
    });
  });
});

describe('the key that signs digests', () => {
  const { KeyPolicy, ...key } = resource('AuditKey').Properties;
  const statements: Statement[] = KeyPolicy.Statement;

  test('is asymmetric and is retained when the stack is deleted', () => {
    expect(key).toMatchObject({ KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY', PendingWindowInDays: 30 });
    expect(resource('AuditKey')).toMatchObject({ DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' });
  });

  test('signs for the digest function alone, not even for the account that administers it', () => {
    const signers = statements.filter(({ Action }) => list(Action).some((name) => /sign$|\*/i.test(name)));

    expect(signers.map(({ Action, Principal }) => ({ Action, Principal }))).toEqual([
      { Action: 'kms:Sign', Principal: { AWS: arn('DigestRole') } },
    ]);
  });
});
