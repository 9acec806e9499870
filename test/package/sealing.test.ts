import { expect, test } from 'vitest';
import { arn, ofType, resource } from './resources.ts';

const policy = (id: string) => resource(id).Properties.KeyPolicy.Statement;

test('the key that seals tokens is symmetric, rotated and kept', () => {
  const { KeyPolicy: _policy, ...key } = resource('SealingKey').Properties;
  expect(key).toMatchObject({
    KeySpec: 'SYMMETRIC_DEFAULT',
    KeyUsage: 'ENCRYPT_DECRYPT',
    EnableKeyRotation: true,
  });
  expect(resource('SealingKey')).toMatchObject({ DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' });
});

test('the webhook alone makes data keys and the worker alone opens them, each under the id of a report', () => {
  const [administer, ...uses] = policy('SealingKey');
  const bound = { Null: { 'kms:EncryptionContext:report_id': 'false' } };
  expect(uses).toEqual([
    {
      Sid: 'Seal',
      Effect: 'Allow',
      Principal: { AWS: arn('WebhookRole') },
      Action: 'kms:GenerateDataKey',
      Resource: '*',
      Condition: bound,
    },
    {
      Sid: 'Open',
      Effect: 'Allow',
      Principal: { AWS: arn('RevokeRole') },
      Action: 'kms:Decrypt',
      Resource: '*',
      Condition: bound,
    },
  ]);
  // Not even a person of the account opens a token, unless they change the policy first.
  expect(administer.Action).toContain('kms:Encrypt');
  expect(
    administer.Action.filter((name: string) => /Decrypt|Generate|ReEncrypt|Grant|\*/.test(name)),
  ).toEqual([]);
});

test('no role has a permission on a key of the stack by a policy of its own', () => {
  const roles = ofType('AWS::IAM::Role').map(([, role]) => JSON.stringify(role));
  expect(roles.length).toBeGreaterThan(5);
  // The keys of people, which encrypt their secrets, are no keys of the stack.
  for (const role of roles) expect(role).not.toMatch(/kms:(?!Decrypt"|ViaService")|SealingKey|AuditKey/);
});
